// What a forwarded text becomes: marked as such where somebody else wrote it, within the length of a
// message, and without calling anybody whom it names.
import { BODY_MAX } from '~/richtext/length'

/** Code between backticks: as many close as have opened. */
const CODE = /((?<!`)(`+)(?!`)[\s\S]*?(?<!`)\2(?!`))/
/** What the server would read as a name. */
const NAME = /(?<![\p{L}\p{N}_@/+])@(?=[a-z0-9_.]{3})/giu
/** Invisible, and no part of a name: behind the sign, it makes text of it. */
const WORD_JOINER = '\u2060'
const LINE = '\n'

/**
 * The texts to send, in order. `mark` is the line above what somebody else wrote; null above one's own
 * words, of which nothing must be said. An empty text is the mark alone: of a message with files.
 */
export function forwardedBodies(body: string, mark: string | null): string[] {
  const text = callingNobody(body)
  // What was forwarded before says so already.
  const head = mark !== null && !text.startsWith(sign(mark)) ? mark : ''
  const pieces = split([...text], BODY_MAX - (head ? [...head].length + LINE.length : 0))
  return pieces.map((piece) => [head, piece].filter(Boolean).join(LINE))
}

/** What a mark begins with in each language. */
const sign = (mark: string) => mark.slice(0, mark.indexOf(' ') + 1)

/** Whoever passes on `@all` does not mean everyone. */
export function callingNobody(text: string): string {
  let at = 0
  let quiet = ''
  for (const { index, 0: code } of text.matchAll(new RegExp(CODE, 'g'))) {
    quiet += quietWords(text.slice(at, index)) + code
    at = index + code.length
  }
  return quiet + quietWords(text.slice(at))
}

const quietWords = (text: string) =>
  text.replace(/\S+/g, (word) =>
    word.includes('://') ? word : word.replace(NAME, `@${WORD_JOINER}`),
  )

/** Cut where a line ends, else between words, else anywhere; the halves lose only that space. */
function split(letters: readonly string[], most: number): string[] {
  if (letters.length <= most) return [letters.join('').trim()]
  const head = letters.slice(0, most + 1)
  const least = most / 2
  const at = [LINE, ' '].map((end) => head.lastIndexOf(end)).find((end) => end > least) ?? most
  const rest = split(letters.slice(at), most)
  return [letters.slice(0, at).join('').trim(), ...rest]
}
