// A message's text without its marks, on one line: for previews, notifications and screen readers.
import { parseBlocks } from './blocks'
import type { Block, Inline } from './nodes'

/** What stands for a spoiler, as long for a word as for a page. */
export const COVER = '█████'

/** `cover` is put in the place of a spoiler; null shows it. */
export function plainText(text: string, cover: string | null = COVER): string {
  return parseBlocks(text)
    .map((block) => ofBlock(block, cover))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Of a text that was cut off: a spoiler is one without its end, too. */
export function plainBeginning(text: string): string {
  const closed = plainText(`${text}||`).replace(/\|+$/, '')
  return closed.endsWith(COVER) ? closed : plainText(text)
}

function ofBlock(block: Block, cover: string | null): string {
  switch (block.type) {
    case 'code':
      return block.text
    case 'quote':
      return block.children.map((child) => ofBlock(child, cover)).join(' ')
    case 'list':
      return block.items.map((item) => inlineText(item, cover)).join(' ')
    case 'paragraph':
      return inlineText(block.children, cover)
  }
}

export function inlineText(nodes: Inline[], cover: string | null): string {
  return nodes.map((node) => ofInline(node, cover)).join('')
}

function ofInline(node: Inline, cover: string | null): string {
  switch (node.type) {
    case 'mention':
      return `@${node.username}`
    case 'text':
    case 'code':
    case 'link':
      return node.text
    case 'spoiler':
      return cover ?? inlineText(node.children, null)
    default:
      return inlineText(node.children, cover)
  }
}

/** Three emoji at most, and nothing else: they are shown large. */
export const isEmoji = (body: string): boolean => /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(body)
