// What stands in an avatar without a picture.

const LETTER = /[\p{L}\p{N}\p{Extended_Pictographic}]/u

/** At most two letters, of the first and the last word; nothing of a name without a letter. */
export function initialsOf(name: string): string {
  const letters = name
    .split(/\s+/)
    .map((word) => graphemes(word).find((grapheme) => LETTER.test(grapheme)))
    .filter((letter) => letter !== undefined)
  const [first, last] = [letters.at(0), letters.length > 1 ? letters.at(-1) : undefined]
  return ((first ?? '') + (last ?? '')).toLocaleUpperCase()
}

function graphemes(text: string): string[] {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map(
    ({ segment }) => segment,
  )
}
