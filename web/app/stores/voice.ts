/** What screen readers are told while the page stays where it is: one polite voice for all of it. */

/** As long as a burst takes: what comes together is said together, in milliseconds. */
const GATHER_MS = 300

export const useVoice = defineStore('voice', () => {
  const said = ref('')
  let waiting: string[] = []

  const { start, isPending } = useTimeoutFn(
    () => {
      said.value = waiting.join('\n')
      waiting = []
    },
    GATHER_MS,
    { immediate: false },
  )

  function say(text: string) {
    // The same words again are news only if there were none between.
    if (!isPending.value) said.value = ''
    waiting.push(text)
    if (!isPending.value) start()
  }

  return { said, say }
})
