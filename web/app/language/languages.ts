/** The languages of the client, and which of them a browser gets. */
export const LANGUAGES = {
  en: { code: 'en', language: 'en-GB', name: 'English', dir: 'ltr' },
  de: { code: 'de', language: 'de-DE', name: 'Deutsch', dir: 'ltr' },
} as const

export type LanguageCode = keyof typeof LANGUAGES
export const DEFAULT_LANGUAGE: LanguageCode = 'en'

const isKnown = (code: string | null | undefined): code is LanguageCode =>
  Object.hasOwn(LANGUAGES, code ?? '')

/** The one that was chosen, else the first that a browser asks for, as `de-AT` or `de;q=0.8`. */
export function pickLanguage(
  chosen: string | null | undefined,
  asked: readonly string[],
): LanguageCode {
  if (isKnown(chosen)) return chosen
  const codes = asked.map((tag) => tag.trim().split(/[-;]/, 1)[0]?.toLowerCase())
  return codes.find(isKnown) ?? DEFAULT_LANGUAGE
}
