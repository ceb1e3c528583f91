// The emoji that is being named where the caret is: `:`, and two letters or more.
import type { WordDraft } from './wordDraft'

/** One letter is a smiley made by hand, and what follows a word is a time or an address. */
const DRAFT = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,32}))$/u

export function emojiDraft(text: string, caret: number): WordDraft | null {
  const [, named = '', term = ''] = DRAFT.exec(text.slice(0, caret)) ?? []
  return named ? { start: caret - named.length, term: term.toLowerCase() } : null
}
