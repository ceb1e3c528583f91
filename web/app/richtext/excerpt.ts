// An excerpt of the search: HTML in which everything but `<mark>` is escaped. It becomes pieces of
// text, so that no HTML reaches the page.
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
  return html
    .split(/(<mark>.*?<\/mark>)/s)
    .filter(Boolean)
    .map((part) => {
      const marked = part.startsWith('<mark>')
      return { marked, text: unescaped(marked ? part.slice(6, -7) : part) }
    })
}

/** In one pass: what was written as `&amp;lt;` means `&lt;`. */
function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|#x27|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}
