// A message's text as blocks: paragraphs, quotes, lists and code.
import { parseInline } from './inline'
import type { Block } from './nodes'

const FENCE = '```'
const QUOTE = /^> ?/
const BULLET = /^[-*•] +(?=\S)/
const NUMBER = /^(\d{1,9})[.)] +(?=\S)/

/** Quotes within quotes deeper than this are shown as they were typed. */
const MAX_QUOTES = 3

export function parseBlocks(text: string, quotes = 0): Block[] {
  const lines = text.split('\n')
  const blocks: Block[] = []
  let at = 0

  /** Takes lines as long as they match, without what matched. */
  const takeWhile = (pattern: RegExp): string[] => {
    const taken: string[] = []
    for (let line = lines[at]; line !== undefined && pattern.test(line); line = lines[++at]) {
      taken.push(line.replace(pattern, ''))
    }
    return taken
  }

  while (at < lines.length) {
    const line = lines[at] ?? ''
    const fenceEnd = line.startsWith(FENCE) ? closingFence(lines, at) : -1
    if (fenceEnd > at) {
      blocks.push({ type: 'code', text: lines.slice(at + 1, fenceEnd).join('\n') })
      at = fenceEnd + 1
    } else if (quotes < MAX_QUOTES && QUOTE.test(line)) {
      blocks.push({ type: 'quote', children: parseBlocks(takeWhile(QUOTE).join('\n'), quotes + 1) })
    } else if (BULLET.test(line)) {
      const items = takeWhile(BULLET).map((item) => parseInline(item))
      blocks.push({ type: 'list', ordered: false, start: 1, items })
    } else if (NUMBER.test(line)) {
      const start = Number(NUMBER.exec(line)?.[1])
      const items = takeWhile(NUMBER).map((item) => parseInline(item))
      blocks.push({ type: 'list', ordered: true, start, items })
    } else {
      const paragraph = [line]
      at += 1
      while (at < lines.length && !opensBlock(lines, at, quotes)) paragraph.push(lines[at++] ?? '')
      blocks.push({ type: 'paragraph', children: parseInline(paragraph.join('\n')) })
    }
  }
  return blocks
}

function opensBlock(lines: string[], at: number, quotes: number): boolean {
  const line = lines[at] ?? ''
  return (
    (quotes < MAX_QUOTES && QUOTE.test(line)) ||
    BULLET.test(line) ||
    NUMBER.test(line) ||
    (line.startsWith(FENCE) && closingFence(lines, at) > at)
  )
}

function closingFence(lines: string[], open: number): number {
  return lines.findIndex((line, at) => at > open && line.trimEnd() === FENCE)
}
