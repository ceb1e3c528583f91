// The name that is being written where the caret is: `@`, and as much of it as is there.
import type { WordDraft } from './wordDraft'

const DRAFT = /(^|[^\p{L}\p{N}_.@])@([a-z0-9_.]{0,32})$/iu

/** Null where no name is being written; an address of mail is none. */
export function mentionDraft(text: string, caret: number): WordDraft | null {
  const match = DRAFT.exec(text.slice(0, caret))
  if (!match) return null
  const term = match[2] ?? ''
  return { start: caret - term.length - 1, term: term.toLowerCase() }
}
