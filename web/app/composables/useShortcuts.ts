// The keys that work anywhere in the shell.
import { sectionsOf } from '~/groups/sections'
import type { ConversationRow } from '~/types/conversation'

const TEXT_FIELDS = 'input, textarea, select, [contenteditable="true"]'

export function useShortcuts() {
  const ui = useUi()
  const route = useRoute()
  // Not `navigateTo`, for which a second key comes too soon while the first is under way.
  const router = useRouter()
  const groups = useGroups()
  const conversations = useConversations()
  const shown = useShownConversation()

  /** What the list beside the conversation holds, in its order: a group's channels, or all. */
  function rowsHere() {
    if (!route.params.group)
      return conversations.list('all').map((row) => ({ row, path: `/chats/${row.id}` }))
    const group = String(route.params.group)
    return sectionsOf(groups.get(group)?.channels ?? [])
      .flatMap(([, channels]) => channels)
      .map(({ id }) => ({ row: conversations.get(id), path: `/groups/${group}/${id}` }))
  }

  /** To the next row of the list, or the next unread one, in either direction. */
  async function move(by: 1 | -1, unreadOnly: boolean) {
    const rows = rowsHere()
    const at = rows.findIndex(({ row }) => row?.id === shown.value)
    const from = at < 0 && by < 0 ? 0 : at
    for (let step = 1; step <= rows.length; step += 1) {
      const next = rows[(from + by * step + rows.length * 2) % rows.length]
      if (next && (!unreadOnly || isUnread(next.row))) return router.push(next.path)
    }
  }

  const searchable = () => shown.value !== null && route.query.details !== 'search'
  const openSearch = () => router.push({ query: { ...route.query, details: 'search' } })

  async function escape(event: KeyboardEvent) {
    const typing = (event.target as Element).matches(TEXT_FIELDS)
    const row = shown.value === null ? undefined : conversations.get(shown.value)
    if (!typing && row && isUnread(row)) await conversations.markRead(row.id)
  }

  useEventListener('keydown', (event) => {
    const command = event.ctrlKey || event.metaKey
    if (event.isComposing || event.defaultPrevented) return
    if (command && event.key === 'k') ui.overlay = ui.overlay === 'palette' ? null : 'palette'
    // The second time, the browser's own search opens.
    else if (command && event.key === 'f' && searchable()) void openSearch()
    else if (command && event.key === '/') ui.overlay = 'shortcuts'
    else if (event.altKey && event.key === 'ArrowDown') void move(1, event.shiftKey)
    else if (event.altKey && event.key === 'ArrowUp') void move(-1, event.shiftKey)
    else if (event.key === 'Escape') return void escape(event)
    else return
    event.preventDefault()
  })
}

const isUnread = (row: ConversationRow | undefined): boolean =>
  row !== undefined && (row.unread > 0 || row.markedUnread)
