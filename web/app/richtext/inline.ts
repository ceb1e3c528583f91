// Emphasis, spoilers, code, links and mentions within a line.
import { plainLinkAt, safeHref } from './links'
import type { Inline } from './nodes'

/** Emphasis within emphasis deeper than this stays text: nobody writes it, and it bounds the work. */
const MAX_DEPTH = 6

const SPOILER = '||'
const EMPHASIS = [
  { mark: '**', type: 'strong' },
  { mark: '__', type: 'strong' },
  { mark: '~~', type: 'del' },
  { mark: SPOILER, type: 'spoiler' },
  { mark: '*', type: 'em' },
  { mark: '_', type: 'em' },
] as const

const MENTION = /@([a-z0-9_.]{3,32})/iy
const NAMED_LINK = /\[([^[\]\n]{1,256})\]\(([^\s()]{1,2048})\)/y
const WORD = /[\p{L}\p{N}]/u
/** A `_` behind it begins nothing: it is within a name, or an arm of ¯\_(ツ)_/¯. */
const BEFORE_PLAIN = /[\p{L}\p{N}\\]/u

/** The inline nodes of `text`. Every character that is not a mark is in exactly one of them. */
export function parseInline(text: string, depth = 0): Inline[] {
  const nodes: Inline[] = []
  let plain = ''
  let at = 0

  const push = (node: Inline, length: number) => {
    if (plain) nodes.push({ type: 'text', text: plain })
    plain = ''
    nodes.push(node)
    at += length
  }

  while (at < text.length) {
    const found = nodeAt(text, at, depth)
    if (found) {
      push(found.node, found.length)
    } else {
      plain += text[at]
      at += 1
    }
  }
  if (plain) nodes.push({ type: 'text', text: plain })
  return nodes
}

type Found = { node: Inline; length: number }

function nodeAt(text: string, at: number, depth: number): Found | null {
  switch (text[at]) {
    case '`':
      return codeAt(text, at)
    case '[':
      return namedLinkAt(text, at)
    case '@':
      return mentionAt(text, at)
    case 'h':
      return linkAt(text, at)
    case '*':
    case '_':
    case '~':
    case '|':
      return depth < MAX_DEPTH ? emphasisAt(text, at, depth) : null
    default:
      return null
  }
}

function codeAt(text: string, at: number): Found | null {
  const end = text.indexOf('`', at + 1)
  const inner = end < 0 ? '' : text.slice(at + 1, end)
  if (!inner.trim() || inner.includes('\n')) return null
  return { node: { type: 'code', text: inner }, length: inner.length + 2 }
}

function namedLinkAt(text: string, at: number): Found | null {
  NAMED_LINK.lastIndex = at
  const match = NAMED_LINK.exec(text)
  const [whole, words, address] = match ?? []
  const url = address ? safeHref(address) : null
  if (!whole || !words || !url) return null
  return {
    node: { type: 'link', href: url.href, text: words, host: url.host || url.pathname },
    length: whole.length,
  }
}

function linkAt(text: string, at: number): Found | null {
  if (at > 0 && WORD.test(text[at - 1] ?? '')) return null
  const link = plainLinkAt(text, at)
  const url = link ? safeHref(link) : null
  if (!link || !url) return null
  return { node: { type: 'link', href: url.href, text: link, host: null }, length: link.length }
}

function mentionAt(text: string, at: number): Found | null {
  if (at > 0 && WORD.test(text[at - 1] ?? '')) return null
  MENTION.lastIndex = at
  // A full stop behind a name ends the sentence.
  const username = MENTION.exec(text)?.[1]?.replace(/\.+$/, '')
  if (!username || username.length < 3) return null
  return {
    node: { type: 'mention', username: username.toLowerCase() },
    length: username.length + 1,
  }
}

function emphasisAt(text: string, at: number, depth: number): Found | null {
  const kind = EMPHASIS.find(({ mark }) => text.startsWith(mark, at))
  if (!kind) return null
  const { mark, type } = kind
  const from = at + mark.length
  // `snake_case`, `2 * 3` and `a || b` are none of it.
  if (!/\S/.test(text[from] ?? ' ')) return null
  if (mark[0] === '_' && BEFORE_PLAIN.test(text[at - 1] ?? '')) return null
  const end = closing(text, from, mark)
  if (end < 0) return null
  return {
    node: { type, children: parseInline(text.slice(from, end), depth + 1) },
    length: end - at + mark.length,
  }
}

/** Where the mark that ends this emphasis stands, or -1. */
function closing(text: string, from: number, mark: string): number {
  // A mark that a spoiler covers ends nothing outside of it: that would take the cover away.
  let cover = mark === SPOILER ? null : coverFrom(text, from)
  for (let end = text.indexOf(mark, from + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    while (cover && cover.until <= end) cover = coverFrom(text, cover.until)
    if (cover && cover.at < end) {
      end = cover.until - 1
      continue
    }
    const doubled = mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark)
    const inWord = mark[0] === '_' && WORD.test(text[end + mark.length] ?? '')
    if (!doubled && !inWord && /\S/.test(text[end - 1] ?? ' ')) return end
  }
  return -1
}

/** The first spoiler that begins at `from` or later: where, and where the text goes on behind it. */
function coverFrom(text: string, from: number): { at: number; until: number } | null {
  for (let at = text.indexOf(SPOILER, from); at >= 0; at = text.indexOf(SPOILER, at + 1)) {
    if (!/\S/.test(text[at + SPOILER.length] ?? ' ')) continue
    const end = closing(text, at + SPOILER.length, SPOILER)
    // Where none ends, no later one does.
    return end < 0 ? null : { at, until: end + SPOILER.length }
  }
  return null
}
