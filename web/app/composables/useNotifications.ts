// Notifications of the system, for what arrives while one looks elsewhere. Tabs need not agree on
// who tells it: the same conversation has the same tag, and the same tag is one notification.
import { plainText } from '~/richtext/plain'
import type { ConversationRow } from '~/types/conversation'

/** As much of a message as a notification shows anyway. */
const BODY_LETTERS = 200

export function useNotifications() {
  const { t } = useI18n()
  const ui = useUi()
  const route = useRoute()
  const conversations = useConversations()
  const { nameOf, lineOf } = useChatName()
  const visible = useDocumentVisibility()
  const focused = useWindowFocus()
  const shown = new Map<string, Notification>()

  function tell(row: ConversationRow) {
    if (row.preview?.kind !== 'message' || row.preview.mine) return
    const { body } = row.preview.message
    const notification = new Notification(lineOf(row), {
      body: ui.notifications.preview
        ? plainText(body).slice(0, BODY_LETTERS) || t('chats.attachment')
        : t('settings.notifications.new', { name: nameOf(row).main }),
      tag: row.id,
      icon: '/icon.svg',
    })
    notification.onclick = () => {
      window.focus()
      void navigateTo(`/chats/${row.id}`)
      notification.close()
    }
    shown.set(row.id, notification)
  }

  const looking = (id: string) =>
    visible.value === 'visible' && focused.value && Object.values(route.params).includes(id)

  // What was there when the page opened is not news.
  let known: Map<string, number> | null = null
  watch(
    () => conversations.rows.map(({ id, lastSeq, unread }) => ({ id, lastSeq, unread })),
    (rows) => {
      if (conversations.status !== 'ready') return
      const before = known
      known = new Map(rows.map(({ id, lastSeq }) => [id, lastSeq]))
      for (const { id, lastSeq, unread } of rows) {
        // Read here or elsewhere: there is nothing to call for any more.
        if (unread === 0) shown.get(id)?.close()
        const row = conversations.get(id)
        const news = before !== null && lastSeq > (before.get(id) ?? 0) && unread > 0
        if (row && news && !row.muted && !looking(id) && allowed() && ui.notifications.on) tell(row)
      }
    },
  )
}

const allowed = () => 'Notification' in window && Notification.permission === 'granted'
