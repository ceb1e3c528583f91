// The emoji that is being named where the caret is: `:`, and two letters or more.
export interface EmojiDraft {
  /** Where its `:` stands. */
  start: number
  term: string
}

/** One letter is a smiley made by hand, and what follows a word is a time or an address. */
const DRAFT = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,32}))$/u

export function emojiDraft(text: string, caret: number): EmojiDraft | null {
  const [, named = '', term = ''] = DRAFT.exec(text.slice(0, caret)) ?? []
  return named ? { start: caret - named.length, term: term.toLowerCase() } : null
}

/** The text with the emoji in the place of its name, and where the caret is then. */
export function withEmoji(text: string, caret: number, { start }: EmojiDraft, emoji: string) {
  const before = `${text.slice(0, start)}${emoji} `
  return { text: before + text.slice(caret).replace(/^ /, ''), caret: before.length }
}
