/** Emoji by their names while one writes: `:tea`. Their names are loaded with the first of them. */
import { emojiDraft, withEmoji } from '~/richtext/emojiDraft'

/** As long as a hand needs for the next letter. */
const PAUSE_MS = 120
const SHOWN = 6

export interface EmojiChoice {
  emoji: string
  name: string
}

export function useEmojiMenu(text: Ref<string>, caret: Ref<number>) {
  const { locale } = useI18n()
  const ui = useUi()

  /** Where the menu was closed by hand; it stays so until another name begins. */
  const closedAt = ref<number | null>(null)
  const draft = computed(() => emojiDraft(text.value, caret.value))
  const term = computed(() => draft.value?.term ?? null)
  const found = shallowRef<EmojiChoice[]>([])
  const active = ref(0)

  watchDebounced(
    term,
    async (now) => {
      if (now === null) return
      const { findEmoji } = await import('~/richtext/emojiNames')
      // Without a connection there are none to offer; what is typed counts all the same.
      const emoji = await findEmoji(now, locale.value).catch(() => [])
      if (term.value !== now) return
      found.value = emoji.slice(0, SHOWN)
      active.value = 0
    },
    { debounce: PAUSE_MS },
  )

  const choices = computed(() =>
    draft.value && closedAt.value !== draft.value.start ? found.value : [],
  )
  const open = computed(() => choices.value.length > 0)

  /** The text with the choice in it, and where the caret goes. */
  function choose({ emoji }: EmojiChoice) {
    ui.usedEmoji(emoji)
    return draft.value && withEmoji(text.value, caret.value, draft.value, emoji)
  }

  /** The choice that a key takes; null for keys that move, close, or are none of the menu's. */
  function onKey(event: KeyboardEvent): EmojiChoice | null {
    if (!open.value || event.isComposing) return null
    const count = choices.value.length
    const chosen = event.key === 'Enter' || event.key === 'Tab'
    if (event.key === 'ArrowDown') active.value = (active.value + 1) % count
    else if (event.key === 'ArrowUp') active.value = (active.value + count - 1) % count
    else if (event.key === 'Escape') closedAt.value = draft.value?.start ?? null
    else if (!chosen || event.shiftKey) return null
    event.preventDefault()
    event.stopPropagation()
    return chosen ? (choices.value[active.value] ?? null) : null
  }

  watch(term, (now) => {
    if (now === null) found.value = []
  })
  watch(
    () => draft.value?.start,
    () => (closedAt.value = null),
  )

  return { choices, active, open, choose, onKey }
}
