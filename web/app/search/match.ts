// Whether something is meant by what is typed, without regard to case and accents.

/** Each word of the term begins a word of one of the texts. */
export function matches(term: string, texts: readonly string[]): boolean {
  const words = texts.flatMap(wordsOf)
  return wordsOf(term).every((begun) => words.some((word) => word.startsWith(begun)))
}

const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .filter(Boolean)
