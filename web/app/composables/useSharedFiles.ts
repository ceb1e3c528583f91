/** What was sent in a conversation: loaded by pages, and followed while it is shown. */
import type { Message } from '~/api/wire'
import { monthsOf } from '~/files/shared'
import type { ConversationRow } from '~/types/conversation'

/** Changes come in groups; the list is asked for once. */
const PAUSE_MS = 500

export function useSharedFiles(row: () => ConversationRow) {
  const messages = useMessages()
  const rooms = useRooms()

  const pages = usePages<Message>((cursor) => messages.files(row().id, cursor))
  void pages.reload()
  watchDebounced(() => row().rev, pages.refresh, { debounce: PAUSE_MS })

  /** What is known here to be gone goes at once: the server's word comes behind. */
  function isThere({ id, seq }: Message): boolean {
    const { me, hidden } = rooms.rooms.get(row().id) ?? {}
    if (seq <= (me?.cleared_seq ?? 0) || hidden?.has(id)) return false
    return !messages.held(row().id, seq)?.deleted_at
  }
  const months = computed(() => monthsOf(pages.items.value.filter(isThere)))

  return { ...pages, months }
}
