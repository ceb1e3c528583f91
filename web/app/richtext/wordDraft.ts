// A word that is being written where the caret is, and may be completed: a name, an emoji.
export interface WordDraft {
  /** Where the sign stands that it begins with. */
  start: number
  /** In small letters. */
  term: string
}

/** The text with `word` in the place of what is written of it, and where the caret is then. */
export function completed(text: string, caret: number, { start }: WordDraft, word: string) {
  const before = `${text.slice(0, start)}${word} `
  return { text: before + text.slice(caret).replace(/^ /, ''), caret: before.length }
}
