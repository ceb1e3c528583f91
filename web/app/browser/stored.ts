/** A habit of this device: kept in the browser, the same in all of its tabs. */
export function useLocalStorage<T>(key: string, initial: T): Ref<T> {
  const value = ref(read()) as Ref<T>

  function read(): T {
    if (import.meta.server) return initial
    try {
      const kept = localStorage.getItem(key)
      return kept === null ? initial : (JSON.parse(kept) as T)
    } catch {
      // A browser may refuse, or hold what is not of this client.
      return initial
    }
  }

  watch(
    value,
    (now) => {
      try {
        localStorage.setItem(key, JSON.stringify(now))
      } catch {
        // It is for this page, then.
      }
    },
    { deep: true, flush: 'sync' },
  )
  useEventListener('storage', (event) => {
    if (event.key === key) value.value = read()
  })
  return value
}
