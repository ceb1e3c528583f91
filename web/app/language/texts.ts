// The texts of one language. A browser fetches them as data, once and for a year: scripts they are
// not, and those of the other languages stay where they are.
import de from '../../i18n/locales/de.json?url'
import en from '../../i18n/locales/en.json?url'
import type { LanguageCode } from './languages'
import type { Texts } from './say'

export const TEXTS_URL: Record<LanguageCode, string> = { en, de }

export async function textsOf(code: LanguageCode): Promise<Texts> {
  // Where there is no built file, or no need to fetch it.
  if (import.meta.server || import.meta.dev || import.meta.test) {
    const modules = {
      en: () => import('../../i18n/locales/en.json'),
      de: () => import('../../i18n/locales/de.json'),
    }
    return (await modules[code]()).default
  }
  const answer = await fetch(TEXTS_URL[code])
  if (!answer.ok) throw new Error(`the texts of ${code} answered ${answer.status}`)
  return await answer.json()
}
