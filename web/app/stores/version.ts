/** The service worker, and the version of the client that waits behind the one that runs. */
const LOOK_EVERY_MS = 3600 * 1000

export const useVersion = defineStore('version', () => {
  const waits = ref(false)
  let take: () => Promise<void> = async () => undefined

  /** Once the page has nothing else to do: the worker fetches the whole client. */
  async function begin() {
    const { registerSW } = await import('virtual:pwa-register')
    take = registerSW({
      immediate: true,
      onNeedRefresh: () => {
        waits.value = true
      },
      // A page that stays open asks for new versions itself.
      onRegisteredSW: (_url, registration) => {
        setInterval(() => {
          if (navigator.onLine) registration?.update().catch(() => undefined)
        }, LOOK_EVERY_MS)
      },
    })
  }

  return {
    waits: readonly(waits),
    begin,
    take: () => take(),
    later: () => {
      waits.value = false
    },
  }
})
