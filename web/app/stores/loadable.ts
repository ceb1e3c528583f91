/** What a list that is fetched is doing: each has its skeleton, its rows, and its error with retry. */
import { asApiError, type ApiError } from '~/api/error'

export type LoadStatus = 'idle' | 'loading' | 'ready' | 'error'

/**
 * A value that is fetched as a whole. A reload keeps what is shown; only the first load is
 * `loading`. Of two loads at once the later one counts.
 */
export function useLoadable<T>(empty: T, fetchAll: () => Promise<T>) {
  const data = shallowRef<T>(empty)
  const status = ref<LoadStatus>('idle')
  const error = shallowRef<ApiError | null>(null)
  let latest = 0

  async function load() {
    const mine = ++latest
    if (status.value !== 'ready') status.value = 'loading'
    try {
      const fetched = await fetchAll()
      if (mine !== latest) return
      data.value = fetched
      status.value = 'ready'
      error.value = null
    } catch (thrown) {
      if (mine !== latest) return
      error.value = asApiError(thrown)
      // What is there is still worth showing.
      if (status.value !== 'ready') status.value = 'error'
    }
  }

  function clear() {
    latest += 1
    data.value = empty
    status.value = 'idle'
    error.value = null
  }

  return { data, status, error, load, clear }
}
