/** Finds the language of the reader, and has its texts there before anything is shown. */
import { CHOSEN_COOKIE, chooseHere, chosenHere } from '~/language/chosen'
import { spokenOr } from '~/language/fallback'
import { DEFAULT_LANGUAGE, LANGUAGES, pickLanguage, type LanguageCode } from '~/language/languages'
import { TEXTS_URL, textsOf } from '~/language/texts'

export default defineNuxtPlugin({
  name: 'language',
  enforce: 'pre',
  async setup() {
    const chosen = import.meta.server ? useCookie(CHOSEN_COOKIE).value : chosenHere()
    const asked = import.meta.server
      ? (useRequestHeader('accept-language') ?? '').split(',')
      : navigator.languages
    // What the server chose is what the browser goes on with.
    const code = useState<LanguageCode>('language', () => pickLanguage(chosen, asked))
    const spoken = await spokenOr(code.value, textsOf)
    code.value = spoken.code
    const texts = shallowRef(spoken.texts)

    if (import.meta.server) {
      const href = TEXTS_URL[code.value]
      useHead({ link: [{ rel: 'preload', as: 'fetch', crossorigin: 'anonymous', href }] })
    }

    async function choose(next: LanguageCode) {
      texts.value = await textsOf(next)
      code.value = next
      chooseHere(next)
    }
    const now = computed(() => LANGUAGES[code.value] ?? LANGUAGES[DEFAULT_LANGUAGE])
    return { provide: { language: { now, texts, choose } } }
  },
})
