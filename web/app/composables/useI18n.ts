/** The texts of the page's language. */
import { LANGUAGES } from '~/language/languages'
import { say, textAt, type Values } from '~/language/say'

export function useI18n() {
  const { now, texts, choose } = useNuxtApp().$language

  const te = (key: string) => textAt(texts.value, key) !== undefined

  /** `t(key)`, `t(key, values)`, `t(key, count)`, `t(key, values, count)`. */
  function t(key: string, values: Values | number = {}, count?: number): string {
    const text = textAt(texts.value, key)
    if (text === undefined) return key
    const { language } = now.value
    return typeof values === 'number'
      ? say(text, language, {}, values)
      : say(text, language, values, count)
  }

  return {
    t,
    te,
    locale: computed(() => now.value.code),
    locales: Object.values(LANGUAGES),
    localeProperties: now,
    setLocale: choose,
  }
}
