/** Whom one may mean while one writes a name: found as it grows, chosen by key or by hand. */
import type { User } from '~/api/wire'
import { mentionDraft, withMention } from '~/richtext/mentionDraft'
import type { ConversationRow } from '~/types/conversation'

/** As long as a hand needs for the next letter. */
const PAUSE_MS = 120
const SHOWN = 6
const EVERYONE = 'all'

export interface MentionChoice {
  username: string
  /** Null for everyone. */
  user: User | null
}

export function useMentionMenu(row: () => ConversationRow, text: Ref<string>) {
  const groups = useGroups()
  const session = useSession()

  const caret = ref(0)
  /** Where the menu was closed by hand; it stays so until another name begins. */
  const closedAt = ref<number | null>(null)
  const draft = computed(() => mentionDraft(text.value, caret.value))
  const found = shallowRef<User[]>([])
  const active = ref(0)

  const term = computed(() => draft.value?.term ?? null)
  watchDebounced(
    term,
    async (now) => {
      if (now === null) return
      const users = await members(now)
      if (term.value !== now) return
      found.value = users
      active.value = 0
    },
    { debounce: PAUSE_MS },
  )

  async function members(q: string): Promise<User[]> {
    const { peer, groupId } = row()
    if (peer) return peer.username.startsWith(q) ? [peer] : []
    if (!groupId) return []
    // Without a connection there is nobody to offer; what is typed counts all the same.
    const page = await groups.members(groupId, { q: q || undefined }).catch(() => null)
    return page?.items.map(({ user }) => user) ?? []
  }

  const choices = computed<MentionChoice[]>(() => {
    const now = draft.value
    if (!now || closedAt.value === now.start) return []
    const { groupId } = row()
    const all = groupId && groups.administers(groupId) && EVERYONE.startsWith(now.term)
    const users = found.value.filter(
      ({ id, username, display_name: name }) =>
        id !== session.userId &&
        (username.startsWith(now.term) || name.toLowerCase().startsWith(now.term)),
    )
    return [
      ...users.map((user) => ({ username: user.username, user })),
      ...(all ? [{ username: EVERYONE, user: null }] : []),
    ].slice(0, SHOWN)
  })
  const open = computed(() => choices.value.length > 0)

  /** The text with the choice in it, and where the caret goes. */
  function choose({ username }: MentionChoice) {
    return draft.value && withMention(text.value, caret.value, draft.value, username)
  }

  /** The choice that a key takes; null for keys that move, close, or are none of the menu's. */
  function onKey(event: KeyboardEvent): MentionChoice | null {
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

  watch(
    () => draft.value?.start,
    () => (closedAt.value = null),
  )

  return { caret, choices, active, open, choose, onKey }
}
