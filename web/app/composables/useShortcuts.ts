// The keys that work anywhere in the shell.
const TEXT_FIELDS = 'input, textarea, select, [contenteditable="true"]'

export function useShortcuts() {
  const ui = useUi()
  const route = useRoute()
  const conversations = useConversations()

  /** To the next row of the list, or the next unread one, in either direction. */
  async function move(by: 1 | -1, unreadOnly: boolean) {
    const rows = conversations.list('all')
    const at = rows.findIndex(({ id }) => id === route.params.id)
    const from = at < 0 && by < 0 ? 0 : at
    for (let step = 1; step <= rows.length; step += 1) {
      const row = rows[(from + by * step + rows.length * 2) % rows.length]
      if (row && (!unreadOnly || row.unread > 0 || row.markedUnread))
        return navigateTo(`/chats/${row.id}`)
    }
  }

  const searchable = () => Boolean(conversationId()) && route.query.details !== 'search'
  const conversationId = () => route.params.channel ?? route.params.id
  const openSearch = () => navigateTo({ query: { ...route.query, details: 'search' } })

  async function escape(event: KeyboardEvent) {
    const typing = (event.target as Element).matches(TEXT_FIELDS)
    const row = conversations.get(String(route.params.id ?? ''))
    if (!typing && row && (row.unread > 0 || row.markedUnread)) await conversations.markRead(row.id)
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
