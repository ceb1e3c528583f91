// A message's text without its marks, on one line: for previews, notifications and screen readers.
import { parseBlocks } from './blocks'
import type { Block, Inline } from './nodes'

export function plainText(text: string): string {
  return parseBlocks(text).map(ofBlock).join(' ').replace(/\s+/g, ' ').trim()
}

function ofBlock(block: Block): string {
  switch (block.type) {
    case 'code':
      return block.text
    case 'quote':
      return block.children.map(ofBlock).join(' ')
    case 'list':
      return block.items.map((item) => item.map(ofInline).join('')).join(' ')
    case 'paragraph':
      return block.children.map(ofInline).join('')
  }
}

function ofInline(node: Inline): string {
  switch (node.type) {
    case 'mention':
      return `@${node.username}`
    case 'text':
    case 'code':
    case 'link':
      return node.text
    default:
      return node.children.map(ofInline).join('')
  }
}

/** Three emoji at most, and nothing else: they are shown large. */
export const isEmoji = (body: string): boolean => /^(?:\p{RGI_Emoji}\s*){1,3}$/v.test(body)
