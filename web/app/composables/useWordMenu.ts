/** What completes the word being written: found as it grows, chosen by key or by hand. */
import { completed, type WordDraft } from '~/richtext/wordDraft'

/** As long as a hand needs for the next letter. */
const PAUSE_MS = 120
const SHOWN = 6

/** A text, and where in it one writes. */
export interface Writing {
  text: Ref<string>
  caret: Ref<number>
}

interface Words<Choice, Found> {
  draft(text: string, caret: number): WordDraft | null
  find(term: string): Promise<readonly Found[]>
  offer(found: readonly Found[], term: string): readonly Choice[]
  /** What is written in the place of the draft. */
  word(choice: Choice): string
  /** How many are offered at once. */
  most?: number
}

export function useWordMenu<Choice, Found>({ text, caret }: Writing, words: Words<Choice, Found>) {
  /** Where the menu was closed by hand; it stays so until another word begins. */
  const closedAt = ref<number | null>(null)
  const draft = computed(() => words.draft(text.value, caret.value))
  const term = computed(() => draft.value?.term ?? null)
  const found = shallowRef<readonly Found[]>([])
  const active = ref(0)

  watchDebounced(
    term,
    async (now) => {
      if (now === null) return
      // Without a connection there is nothing to offer; what is typed counts all the same.
      const fitting = await words.find(now).catch(() => [])
      if (term.value !== now) return
      found.value = fitting
      active.value = 0
    },
    { debounce: PAUSE_MS },
  )
  watch(term, (now) => {
    if (now === null) found.value = []
  })
  watch(
    () => draft.value?.start,
    () => (closedAt.value = null),
  )

  const choices = computed(() => {
    const now = draft.value
    if (!now || closedAt.value === now.start) return []
    return words.offer(found.value, now.term).slice(0, words.most ?? SHOWN)
  })
  const open = computed(() => choices.value.length > 0)

  /** The text with the choice in it, and where the caret goes. */
  function choose(choice: Choice) {
    return draft.value && completed(text.value, caret.value, draft.value, words.word(choice))
  }

  /** What a key chooses; null for keys that move, close, or are none of the menu's. */
  function onKey(event: KeyboardEvent) {
    if (!open.value || event.isComposing) return null
    const count = choices.value.length
    const chosen = event.key === 'Enter' || event.key === 'Tab'
    if (event.key === 'ArrowDown') active.value = (active.value + 1) % count
    else if (event.key === 'ArrowUp') active.value = (active.value + count - 1) % count
    else if (event.key === 'Escape') closedAt.value = draft.value?.start ?? null
    else if (!chosen || event.shiftKey) return null
    event.preventDefault()
    event.stopPropagation()
    const choice = choices.value[active.value]
    return chosen && choice !== undefined ? choose(choice) : null
  }

  return { choices, active, open, choose, onKey }
}
