/**
 * The timeline of one conversation: a window of messages without a gap, which grows at both ends and
 * is cut at the far one, and behind it what is on its way.
 */
import { asApiError, ApiError } from '~/api/error'
import type { Message } from '~/api/wire'
import { placeOf } from '~/realtime/messages'
import { stateOf } from '~/realtime/receiptState'
import type { Room } from '~/realtime/room'
import { LIVE, liveSpan, spanAt, type Span } from '~/realtime/spans'
import { countUnread, firstUnreadSeq } from '~/realtime/unread'
import { keyOf } from '~/stores/messages'
import type { LoadStatus } from '~/stores/loadable'
import type { TimelineItem } from '~/types/timeline'

/** Fewer than a screen full: more are loaded before it counts as ready. */
const SCREEN = 30
/** The window is cut beyond this, so that a long conversation costs no more than a short one. */
const WINDOW_MAX = 1200
const WINDOW_KEPT = 800

export function useTimeline(conversationId: MaybeRefOrGetter<string>) {
  const rooms = useRooms()
  const messages = useMessages()
  const receipts = useReceipts()
  const conversations = useConversations()

  const id = computed(() => toValue(conversationId))
  const room = computed(() => rooms.rooms.get(id.value))
  const status = ref<LoadStatus>('idle')
  const error = shallowRef<ApiError | null>(null)
  const loadingOlder = ref(false)
  const loadingNewer = ref(false)
  /** A place in the window, or null: the newest messages. */
  const anchor = ref<number | null>(null)
  /** The first message that was unread when it was opened: the divider stays there. */
  const dividerSeq = ref<number | null>(null)

  const span = computed<Span | undefined>(() => {
    const spans = room.value?.spans ?? []
    return anchor.value === null ? liveSpan(spans) : spanAt(spans, anchor.value)
  })
  const atLatest = computed(() => span.value?.to === LIVE)
  const hasNewer = computed(() => span.value !== undefined && !atLatest.value)
  const hasOlder = computed(() => {
    const cleared = room.value?.me.cleared_seq ?? 0
    return span.value !== undefined && span.value.from > cleared + 1
  })

  let shown = new Map<string, TimelineItem>()
  const confirmed = computed(() => {
    const next = new Map<string, TimelineItem>()
    for (const message of visible(room.value, span.value)) {
      const item = itemOf(message)
      next.set(item.key, item)
    }
    shown = next
    return next
  })
  const items = computed<TimelineItem[]>(() => {
    const sent = [...confirmed.value.values()]
    if (!atLatest.value) return sent
    const waiting = messages.pendingOf(id.value).filter(({ key }) => !confirmed.value.has(key))
    return [...sent, ...waiting]
  })

  /** The same object while nothing of it changed, so that its row does not render again. */
  function itemOf(message: Message): TimelineItem {
    const key = keyOf(message.sender_id, message.client_id)
    const mine = message.sender_id === room.value?.own && message.kind === 'text'
    const state = mine && room.value ? stateOf(room.value, message.seq) : null
    const old = shown.get(key)
    if (old?.message === message && old.state === state) return old
    return { key, message, mine, state, failure: null }
  }

  let opening = 0

  /** Opens it: from the device at once, then from the server what is missing. */
  async function open() {
    const mine = ++opening
    const current = () => mine === opening
    anchor.value = null
    dividerSeq.value = null
    error.value = null
    status.value = 'loading'
    try {
      const found = await rooms.find(id.value)
      if (!current()) return
      if (!found) throw new ApiError('not_found', 404)
      setDivider(found)
      if (heldOf(found) < SCREEN && hasOlder.value) await rooms.loadKept(id.value)
      if (!current()) return
      if (enough()) status.value = 'ready'
      else await rooms.load(id.value, {})
      const divider = dividerSeq.value
      if (!current()) return
      if (divider !== null && !spanAt(room.value?.spans ?? [], divider)) {
        await rooms.load(id.value, { around: divider })
        if (!current()) return
        if (spanAt(room.value?.spans ?? [], divider)) anchor.value = divider
      }
      status.value = 'ready'
    } catch (thrown) {
      if (!current()) return
      error.value = asApiError(thrown)
      // What the device had is there to be read.
      status.value = items.value.length > 0 ? 'ready' : 'error'
    }
  }

  function enough(): boolean {
    return room.value !== undefined && (!hasOlder.value || heldOf(room.value) >= SCREEN)
  }

  function setDivider(found: Room) {
    const unread = countUnread(found).unread > 0
    dividerSeq.value = unread ? firstUnreadSeq(found) : null
    // A mark by hand has called the reader back: they are here.
    const marked = (found.me.unread_from_seq ?? null) !== null
    if (marked) void conversations.markUnread(id.value, null).catch(() => undefined)
  }

  async function loadOlder() {
    const from = span.value?.from
    if (from === undefined || !hasOlder.value || loadingOlder.value) return
    loadingOlder.value = true
    await attempt(() => rooms.load(id.value, { before: from }))
    loadingOlder.value = false
    trim('newer')
  }

  async function loadNewer() {
    const to = span.value?.to
    if (to === undefined || !hasNewer.value || loadingNewer.value) return
    loadingNewer.value = true
    await attempt(() => rooms.load(id.value, { after: to }))
    loadingNewer.value = false
    trim('older')
  }

  /** Shows the message at a `seq`, wherever it is. Throws an `ApiError`. */
  async function jumpTo(seq: number) {
    if (!spanAt(room.value?.spans ?? [], seq)) await rooms.load(id.value, { around: seq })
    anchor.value = seq
  }

  async function jumpToLatest() {
    anchor.value = null
    if (!enough()) await attempt(() => rooms.load(id.value, {}))
  }

  async function attempt(load: () => Promise<void>) {
    try {
      await load()
      error.value = null
    } catch (thrown) {
      error.value = asApiError(thrown)
    }
  }

  /** Cuts the window at the end that nobody looks at. */
  function trim(end: 'newer' | 'older') {
    const held = visible(room.value, span.value)
    if (held.length <= WINDOW_MAX) return
    const kept = end === 'newer' ? held.slice(0, WINDOW_KEPT) : held.slice(-WINDOW_KEPT)
    const first = kept[0]?.seq ?? 0
    const last = kept.at(-1)?.seq ?? 0
    const from = end === 'newer' ? (span.value?.from ?? first) : first
    const to = end === 'older' ? (span.value?.to ?? last) : last
    anchor.value = end === 'older' && to === LIVE ? null : last
    rooms.take({ type: 'trim', id: id.value, from, to })
  }

  // ---- Read by looking ----

  const focused = useWindowFocus()
  const visibility = useDocumentVisibility()
  const seenSeq = ref(0)

  /** Everything up to `seq` is on the screen; it counts as read while somebody looks. */
  function seen(seq: number) {
    seenSeq.value = Math.max(seenSeq.value, seq)
  }

  watch([seenSeq, focused, visibility], () => {
    if (!focused.value || visibility.value !== 'visible') return
    const read = room.value?.me.read_seq ?? 0
    if (seenSeq.value > read) receipts.read(id.value, seenSeq.value)
  })

  watch(
    id,
    () => {
      seenSeq.value = 0
      shown = new Map()
      void open()
    },
    { immediate: true },
  )
  // Written behind, with the conversation's row: what a reload finds is of one moment.
  watch(room, () => rooms.keepTail(id.value))
  // What came while nothing could be loaded is loaded when the list is.
  watch(
    () => rooms.status,
    (now) => {
      if (now === 'ready' && status.value === 'error') void open()
    },
  )

  return {
    items,
    status: readonly(status),
    error: computed(() => error.value),
    hasOlder,
    hasNewer,
    loadingOlder: readonly(loadingOlder),
    loadingNewer: readonly(loadingNewer),
    atLatest,
    dividerSeq: readonly(dividerSeq),
    loadOlder,
    loadNewer,
    jumpTo,
    jumpToLatest,
    reload: open,
    seen,
  }
}

function visible(room: Room | undefined, span: Span | undefined): Message[] {
  if (!room || !span) return []
  const first = placeOf(room.messages, Math.max(span.from, room.me.cleared_seq + 1))
  const end = span.to === LIVE ? room.messages.length : placeOf(room.messages, span.to + 1)
  return room.messages.slice(first, end).filter(({ id }) => !room.hidden.has(id))
}

function heldOf(room: Room): number {
  return visible(room, liveSpan(room.spans)).length
}
