// Listening to the browser. As VueUse does it, for the shell that does without the weight of its
// general cases: what bears one of its names here does what the client asks of it, and no more.

type Events = WindowEventMap &
  DocumentEventMap &
  HTMLElementEventMap &
  ServiceWorkerContainerEventMap
type Target = EventTarget | null | undefined

/** Listens as long as what listens lives: at a target that may come or change, or at the window. */
export function useEventListener<K extends keyof Events>(
  type: K,
  listener: (event: Events[K]) => void,
): void
export function useEventListener<K extends keyof Events>(
  target: MaybeRefOrGetter<Target>,
  types: K | K[],
  listener: (event: Events[K]) => void,
  options?: AddEventListenerOptions,
): void
export function useEventListener<E extends Event>(
  target: MaybeRefOrGetter<Target>,
  types: string,
  listener: (event: E) => void,
): void
export function useEventListener(...args: unknown[]): void {
  if (import.meta.server) return
  const [target, types, listener, options] = (
    typeof args[0] === 'string' ? [window, ...args] : args
  ) as [
    MaybeRefOrGetter<Target>,
    string | string[],
    EventListener,
    AddEventListenerOptions | undefined,
  ]
  watch(
    () => toValue(target),
    (at, _before, onCleanup) => {
      for (const type of [types].flat()) {
        at?.addEventListener(type, listener, options)
        onCleanup(() => at?.removeEventListener(type, listener, options))
      }
    },
    { immediate: true, flush: 'post' },
  )
}

/** Whether a media query fits. */
export function useMediaQuery(query: string): Readonly<Ref<boolean>> {
  const list = import.meta.client ? matchMedia(query) : null
  const fits = ref(list?.matches ?? false)
  useEventListener(list, 'change', () => {
    fits.value = list?.matches ?? false
  })
  return fits
}

/** Whether the tab is in front. */
export function useDocumentVisibility(): Readonly<Ref<DocumentVisibilityState>> {
  const state = ref(import.meta.client ? document.visibilityState : 'visible')
  if (import.meta.client)
    useEventListener(document, 'visibilitychange', () => {
      state.value = document.visibilityState
    })
  return state
}

/** Whether the window is the one that one works in. */
export function useWindowFocus(): Readonly<Ref<boolean>> {
  const focused = ref(import.meta.client && document.hasFocus())
  useEventListener('focus', () => {
    focused.value = true
  })
  useEventListener('blur', () => {
    focused.value = false
  })
  return focused
}
