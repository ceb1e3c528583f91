// Notifications of the system, for what arrives while nobody looks. They are the service worker's:
// a phone knows no others. Of several tabs the leading one tells, unless any shows the conversation.
import type { OpenNote } from '#shared/shell'
import type { Message } from '~/api/wire'
import { isLookedAt, look } from '~/realtime/looking'
import { plainText } from '~/richtext/plain'
import type { ConversationRow } from '~/types/conversation'

/** As much of a message as a notification shows anyway. */
const BODY_LETTERS = 200

export function useNotifications() {
  const { t } = useI18n()
  const ui = useUi()
  const quiet = useQuiet()
  const rooms = useRooms()
  const people = usePeople()
  const connection = useConnection()
  const conversations = useConversations()
  const { nameOf, lineOf } = useChatName()
  const { briefOf } = useFileActions()
  const visible = useDocumentVisibility()
  const focused = useWindowFocus()
  const shown = useShownConversation()
  // Not `navigateTo`, which is without effect while another navigation is under way.
  const router = useRouter()

  const looking = computed(() =>
    visible.value === 'visible' && focused.value ? shown.value : null,
  )
  watch(looking, (id, _before, done) => void (id && done(look(id))), { immediate: true })

  async function tell(row: ConversationRow, message: Message) {
    if (await isLookedAt(row.id)) return
    const registration = await registered()
    const { sound } = ui.notifications
    const heard = sound && (await ring())
    await registration?.showNotification(lineOf(row), {
      body: ui.notifications.preview
        ? bodyOf(row, message)
        : t('settings.notifications.new', { name: nameOf(row).main }),
      // One for each conversation: the newest.
      tag: row.id,
      // Where our own tone may not sound, the system's does.
      silent: heard || !sound,
      icon: '/icon-192.png',
      data: { path: `/chats/${row.id}` },
    })
  }

  function bodyOf({ kind }: ConversationRow, { body, sender_id, attachments }: Message): string {
    const text = plainText(body).slice(0, BODY_LETTERS) || briefOf(attachments)
    return kind === 'channel' ? t('timeline.said', { name: people.name(sender_id), text }) : text
  }

  async function takeBack(id: string) {
    const registration = await registered()
    const open = await registration?.getNotifications({ tag: id })
    open?.forEach((notification) => notification.close())
  }

  /** The newest that somebody else wrote. */
  function newestHeard(id: string): Message | undefined {
    const room = rooms.rooms.get(id)
    return room?.messages.findLast(
      ({ id, kind, sender_id, deleted_at }) =>
        kind === 'text' && sender_id !== room.own && !deleted_at && !room.hidden.has(id),
    )
  }

  const places = () =>
    new Map(conversations.rows.map(({ id, lastSeq, unread }) => [id, { lastSeq, unread }]))
  // What was there when the page had caught up is not news.
  let known: ReturnType<typeof places> | null = null
  void until(() => connection.status)
    .toBe('online', { flush: 'sync' })
    .then(() => (known = places()))

  watch(places, (now) => {
    const before = known
    if (!before) return
    known = now
    for (const [id, { unread }] of now) {
      const { lastSeq = 0, unread: waited = 0 } = before.get(id) ?? {}
      // Read here or elsewhere: there is nothing to call for any more.
      if (unread === 0 && waited > 0) void takeBack(id)
      const row = conversations.get(id)
      const message = newestHeard(id)
      if (!row || !message || message.seq <= lastSeq || unread === 0 || row.muted) continue
      const wanted = allowed() && ui.notifications.on && !quiet.holds()
      if (connection.leads() && wanted) void tell(row, message)
    }
  })

  useEventListener(
    () => navigator.serviceWorker,
    'message',
    ({ data }: MessageEvent<OpenNote>) => {
      if (data.type === 'open') void router.push(data.path)
    },
  )
}

const allowed = () => 'Notification' in window && Notification.permission === 'granted'

/** The tone is loaded with the first that is heard. */
async function ring(): Promise<boolean> {
  const tone = await import('~/attention/tone').catch(() => null)
  return (await tone?.ring()) ?? false
}

/** None where the browser has no service workers, or refuses them. */
const registered = async () => await navigator.serviceWorker?.getRegistration()
