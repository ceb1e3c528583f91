// The language and direction of the page, for whoever reads it aloud; on error pages too.
export function usePageLanguage() {
  const { localeProperties } = useI18n()
  useHead({
    htmlAttrs: {
      lang: () => localeProperties.value.language,
      dir: () => localeProperties.value.dir,
    },
  })
}
