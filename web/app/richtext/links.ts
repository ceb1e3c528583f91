// Which links a message may hold, and where one that is typed plainly ends.

const SCHEMES = new Set(['http:', 'https:', 'mailto:'])

/** Characters that turn the direction of text, or are not seen: never part of a link. */
const DECEPTIVE = /[\p{Cc}\u0020\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u

/** The address in its normal form, or null if it is not of an allowed kind. */
export function safeHref(address: string): URL | null {
  if (DECEPTIVE.test(address)) return null
  try {
    const url = new URL(address)
    return SCHEMES.has(url.protocol) ? url : null
  } catch {
    return null
  }
}

const PLAIN =
  /https?:\/\/[^\s<>"`\p{Cc}\u0020\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/uy
const TRAILING = /[.,:;!?'*~]$/

/** The link that is typed at `at`, without the sentence's own punctuation behind it. */
export function plainLinkAt(text: string, at: number): string | null {
  PLAIN.lastIndex = at
  let found = PLAIN.exec(text)?.[0]
  if (!found) return null
  for (;;) {
    if (TRAILING.test(found)) found = found.slice(0, -1)
    else if (found.endsWith(')') && count(found, '(') < count(found, ')'))
      found = found.slice(0, -1)
    else return safeHref(found) ? found : null
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
