/**
 * A habit of this device: kept in the browser, the same in all of its tabs. A text is kept as it is,
 * and of an object that an older client kept, what it lacks is as at first.
 */
export function useLocalStorage<T>(key: string, initial: T): Ref<T> {
  const value = ref(read()) as Ref<T>

  function read(): T {
    if (import.meta.server) return initial
    try {
      const kept = localStorage.getItem(key)
      return kept === null ? initial : parsed(kept)
    } catch {
      // A browser may refuse, or hold what is not of this client.
      return initial
    }
  }

  function parsed(kept: string): T {
    if (typeof initial === 'string') return kept as T
    const value = JSON.parse(kept) as T
    return isPlain(initial) && isPlain(value) ? { ...initial, ...value } : value
  }

  watch(
    value,
    (now) => {
      try {
        localStorage.setItem(key, typeof now === 'string' ? now : JSON.stringify(now))
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

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a tab remembers as long as it lives. */
export function useSessionStorage<T extends string>(key: string, initial: T): Ref<T> {
  const value = ref(read()) as Ref<T>

  function read(): T {
    try {
      return (sessionStorage.getItem(key) as T | null) ?? initial
    } catch {
      return initial
    }
  }

  watch(value, (now) => {
    try {
      sessionStorage.setItem(key, now)
    } catch {
      // It is for this page, then.
    }
  })
  return value
}
