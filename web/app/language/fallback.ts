/** A page in another language is better than none: which texts there are when a file does not come. */
import { DEFAULT_LANGUAGE, LANGUAGES, type LanguageCode } from './languages'
import type { Texts } from './say'

export interface Spoken {
  code: LanguageCode
  texts: Texts
}

/** The texts of a language, or of the next that can be had; without any, keys stand for them. */
export async function spokenOr(
  wanted: LanguageCode,
  textsOf: (code: LanguageCode) => Promise<Texts>,
): Promise<Spoken> {
  const others = Object.keys(LANGUAGES) as LanguageCode[]
  for (const code of new Set([wanted, DEFAULT_LANGUAGE, ...others])) {
    try {
      return { code, texts: await textsOf(code) }
    } catch {
      // The next.
    }
  }
  return { code: wanted, texts: {} }
}
