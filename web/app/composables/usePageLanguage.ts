// The language and direction of the page, for whoever reads it aloud; on error pages too.
export function usePageLanguage() {
  const { localeProperties } = useI18n()
  const lang = () => localeProperties.value.language
  const dir = () => localeProperties.value.dir
  if (import.meta.server) return useHead({ htmlAttrs: { lang, dir } })
  watchEffect(() => {
    Object.assign(document.documentElement, { lang: lang(), dir: dir() })
  })
}
