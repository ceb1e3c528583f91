// The command that is being written: `/` at the very beginning, and as much of its name as is there.
import type { WordDraft } from './wordDraft'

const DRAFT = /^\/([a-z]*)$/i

export function commandDraft(text: string, caret: number): WordDraft | null {
  const term = DRAFT.exec(text.slice(0, caret))?.[1]
  return term === undefined ? null : { start: 0, term: term.toLowerCase() }
}
