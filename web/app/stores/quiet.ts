/** Do not disturb, on this device: until it ends, nothing calls for attention. */

/** A clock that stood still, as while a device sleeps, is noticed this soon. */
const LOOK_MS = 60_000

export const useQuiet = defineStore('quiet', () => {
  /** RFC 3339; none, or one in the past: one may be disturbed. */
  const until = useLocalStorage('warren.quiet-until', '')
  const now = ref(Date.now())
  const on = computed(() => Date.parse(until.value) > now.value)

  let timer: ReturnType<typeof setTimeout> | undefined
  function look() {
    clearTimeout(timer)
    now.value = Date.now()
    const left = Date.parse(until.value) - now.value
    if (left > 0) timer = setTimeout(look, Math.min(left, LOOK_MS))
  }
  watch(until, look, { immediate: true, flush: 'sync' })

  /** As it is at this moment, however late a background tab's timers are. */
  function holds(): boolean {
    look()
    return on.value
  }

  return {
    on,
    until: readonly(until),
    holds,
    begin: (to: string) => {
      until.value = to
    },
    end: () => {
      until.value = ''
    },
  }
})
