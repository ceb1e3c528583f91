/**
 * The theme: what was chosen in this browser, or the system's. A script in the head of each page puts
 * it there before the first line is drawn (Nuxt Color Mode); this does it from then on, in the place
 * of that module's plugin, which brings cookies and themes of single pages.
 */
import { globalName, storageKey } from '#build/color-mode-options.mjs'

interface Root {
  addColorScheme: (theme: string) => void
  removeColorScheme: (theme: string) => void
}

export default defineNuxtPlugin({
  name: 'theme',
  setup() {
    const root = (window as unknown as Record<string, Root | undefined>)[globalName]
    const dark = useMediaQuery('(prefers-color-scheme: dark)')
    const preference = useLocalStorage(storageKey, 'system')
    const value = computed(() => {
      if (preference.value !== 'system') return preference.value
      return dark.value ? 'dark' : 'light'
    })
    watch(value, (now, before) => {
      root?.removeColorScheme(before)
      root?.addColorScheme(now)
    })
    // A server does not know it, and has said so.
    useState('color-mode').value = reactive({ preference, value, unknown: false, forced: false })
  },
})
