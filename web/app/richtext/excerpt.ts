// An excerpt of the search: HTML in which everything but `<mark>` is escaped. It becomes pieces of
// text, so that no HTML reaches the page.
import { COVER } from './plain'

export interface Piece {
  text: string
  marked: boolean
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&amp;': '&',
}

export function excerptPieces(html: string): Piece[] {
  return covered(html)
    .split(/(<mark>.*?<\/mark>)/s)
    .filter(Boolean)
    .map((part) => {
      const marked = part.startsWith('<mark>')
      return { marked, text: unescaped(marked ? part.slice(6, -7) : part) }
    })
}

/** Of an excerpt that begins within a spoiler: all up to the first mark, which ends a word. */
const TAIL = /^(?:(?!\|\|).)*\S\|\|/s
/** The same, where the number of marks does not say that one is missing. */
const SURE_TAIL = /^(?:(?!\|\|).)*\S\|\|(?!\S)/s
/** From the mark before a word to the one behind a word, or to the end of the excerpt. */
const SPOILER = /\|\|(?=\S)(?:.*?\S\|\||.*)/gs

/** Without what spoilers hide, also where the excerpt cuts through one; in doubt it is hidden. */
function covered(html: string): string {
  const cut = (html.split('||').length - 1) % 2 === 1
  return html.replace(cut ? TAIL : SURE_TAIL, COVER).replace(SPOILER, COVER)
}

/** In one pass: what was written as `&amp;lt;` means `&lt;`. */
function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|#x27|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}
