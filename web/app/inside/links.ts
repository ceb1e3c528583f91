// Links of a message that lead into this very Warren, where there is something to show of it.
import { parseBlocks } from '~/richtext/blocks'
import type { Block, Inline } from '~/richtext/nodes'

export type InsideLink =
  { kind: 'invite'; code: string } | { kind: 'message'; conversationId: string; seq: number }

const INVITE = /^\/invite\/([\w-]{24})$/
const CONVERSATION = /^\/(?:chats|groups\/[\da-f-]{36})\/([\da-f-]{36})$/
const SEQ = /^[1-9]\d{0,15}$/

/** The first such link of a text: no message has more than one card. */
export function insideLink(body: string, origin: string): InsideLink | null {
  // Hardly any text has one: the others are not read a second time.
  if (!body.includes(origin)) return null
  for (const href of hrefsOf(parseBlocks(body))) {
    const url = new URL(href)
    const found = url.origin === origin && placeOf(url)
    if (found) return found
  }
  return null
}

function placeOf({ pathname, searchParams }: URL): InsideLink | null {
  const [, code] = INVITE.exec(pathname) ?? []
  if (code) return { kind: 'invite', code }
  const [, conversationId] = CONVERSATION.exec(pathname) ?? []
  const at = searchParams.get('at') ?? ''
  return conversationId && SEQ.test(at)
    ? { kind: 'message', conversationId, seq: Number(at) }
    : null
}

/** Without those within spoilers: a card would tell what is hidden. */
function hrefsOf(nodes: (Block | Inline)[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === 'link') return [node.href]
    if (node.type === 'list') return hrefsOf(node.items.flat())
    return 'children' in node && node.type !== 'spoiler' ? hrefsOf(node.children) : []
  })
}
