// What happens later.
import type { WatchSource } from 'vue'

/** Does something so long after it is asked for; asked again, from then on. */
export function useTimeoutFn(act: () => unknown, ms: number, { immediate = true } = {}) {
  const isPending = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  function stop() {
    clearTimeout(timer)
    isPending.value = false
  }
  function start() {
    stop()
    isPending.value = true
    timer = setTimeout(() => {
      isPending.value = false
      act()
    }, ms)
  }
  if (immediate) start()
  onScopeDispose(stop)
  return { start, stop, isPending: readonly(isPending) }
}

/** Does something once a value has stood still for so long. */
export function watchDebounced<T>(
  source: WatchSource<T>,
  act: (value: T) => unknown,
  { debounce }: { debounce: number },
) {
  const { start } = useTimeoutFn(() => act(toValue(source)), debounce, { immediate: false })
  watch(source, start)
}

/** A value once it has stood still for so long. */
export function refDebounced<T>(source: Readonly<Ref<T>>, ms: number): Readonly<Ref<T>> {
  const settled = shallowRef(source.value)
  watchDebounced(
    source,
    (value) => {
      settled.value = value
    },
    { debounce: ms },
  )
  return settled
}

/** The time, looked at again every so many milliseconds. */
export function useNow({ interval }: { interval: number }): Readonly<Ref<Date>> {
  const now = shallowRef(new Date())
  if (import.meta.server) return now
  const timer = setInterval(() => {
    now.value = new Date()
  }, interval)
  onScopeDispose(() => clearInterval(timer))
  return now
}

interface Patience {
  flush?: 'sync' | 'post'
  /** In milliseconds; then the value is what it is. */
  timeout?: number
}

/** Waits for a value. */
export function until<T>(source: WatchSource<T>) {
  const toMatch = (fits: (value: T) => boolean, { flush = 'sync', timeout }: Patience = {}) => {
    const { promise, resolve } = Promise.withResolvers<T>()
    const stop = watch(source, (value) => fits(value) && resolve(value), { flush, immediate: true })
    const timer = timeout && setTimeout(() => resolve(toValue(source)), timeout)
    return promise.finally(() => {
      clearTimeout(timer)
      stop()
    })
  }
  const toBe = (wanted: T, patience?: Patience) => toMatch((value) => value === wanted, patience)
  return { toMatch, toBe }
}
