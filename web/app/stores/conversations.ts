/** The list of conversations, and what one does with a whole conversation. */
import { api, ok } from '~/api/client'
import type { ViewPatch } from '~/api/wire'
import type { Room } from '~/realtime/room'
import { placeOf } from '~/realtime/messages'
import { stateOf } from '~/realtime/receiptState'
import { countUnread } from '~/realtime/unread'
import type { ConversationFilter, ConversationRow, Preview, WriteBar } from '~/types/conversation'

export const useConversations = defineStore('conversations', () => {
  const held = useRooms()
  const people = usePeople()
  const drafts = useDrafts()
  const messages = useMessages()
  // Mutes end by themselves: looked at again every minute.
  const now = useNow({ interval: 60_000 })

  const rows = computed(() =>
    [...held.rooms.values()]
      .filter(({ me }) => me.listed)
      .map(rowOf)
      .sort(byPlace),
  )
  const byId = computed(() => new Map(rows.value.map((row) => [row.id, row])))
  const active = computed(() => rows.value.filter(({ archived }) => !archived))

  const audible = computed(() => active.value.filter(({ muted }) => !muted))
  /** Of all that may ask for attention: for the title, and for the badges of the shell. */
  const unreadTotal = computed(() => sum(audible.value.map(({ unread }) => unread)))

  function list(filter: ConversationFilter): ConversationRow[] {
    if (filter === 'archived') return rows.value.filter(({ archived }) => archived)
    return active.value.filter((row) => {
      if (filter === 'unread') return row.unread > 0 || row.markedUnread
      if (filter === 'direct') return row.kind === 'direct'
      if (filter === 'groups') return row.kind === 'channel'
      return true
    })
  }

  /** One by id, listed or not. */
  function get(id: string): ConversationRow | undefined {
    const room = held.rooms.get(id)
    return byId.value.get(id) ?? (room && rowOf(room))
  }

  /** One by id, asked for if need be; undefined when there is none for the caller. */
  async function load(id: string): Promise<ConversationRow | undefined> {
    await held.find(id)
    return get(id)
  }

  function rowOf(room: Room): ConversationRow {
    const { shared, me, peer, receipts } = room
    const { unread, mentions } = countUnread(room)
    const preview = previewOf(room)
    const newest = preview?.kind === 'message' ? preview.message.created_at : shared.created_at
    const mutedUntil = me.muted_until ?? null
    return {
      id: shared.id,
      kind: shared.kind,
      groupId: shared.group_id ?? null,
      title: peer ? people.name(peer.id) || peer.display_name : (shared.name ?? ''),
      topic: shared.topic ?? null,
      category: shared.category ?? null,
      position: shared.position ?? null,
      peer,
      lastSeq: shared.last_seq,
      rev: room.rev,
      lastActivityAt: newest,
      preview,
      unread,
      mentions,
      markedUnread: (me.unread_from_seq ?? null) !== null,
      archived: me.archived,
      pinned: me.pinned,
      mutedUntil,
      muted: mutedUntil !== null && Date.parse(mutedUntil) > now.value.getTime(),
      writeBar: writeBarOf(room),
      me,
      receipts,
    }
  }

  function writeBarOf({ peer }: Room): WriteBar | null {
    if (!peer) return null
    if (peer.deleted) return 'peer_deleted'
    return people.blockedIds.has(peer.id) ? 'blocked' : null
  }

  function previewOf(room: Room): Preview | null {
    const { id } = room.shared
    const draft = drafts.get(id).trim()
    if (draft) return { kind: 'draft', text: draft }
    const pending = messages.pendingOf(id).at(-1)
    if (pending) {
      return { kind: 'message', message: pending.message, mine: true, state: pending.state }
    }
    const from = placeOf(room.messages, room.me.cleared_seq + 1)
    const last = room.messages.findLast((message, at) => at >= from && !room.hidden.has(message.id))
    if (!last) return null
    const mine = last.sender_id === room.own
    return { kind: 'message', message: last, mine, state: mine ? stateOf(room, last.seq) : null }
  }

  /** The direct chat with someone, begun if there is none; its id. */
  async function openDirect(userId: string): Promise<string> {
    const known = [...held.rooms.values()].find(({ peer, me }) => peer?.id === userId && me.listed)
    if (known) return known.shared.id
    const conversation = await ok(api.POST('/v1/conversations', { body: { user_id: userId } }))
    held.take({ type: 'conversation', id: conversation.id, conversation })
    return conversation.id
  }

  /** Shown at once; put back if the server refuses, and then it throws. */
  async function patchView(id: string, patch: ViewPatch) {
    const before = held.rooms.get(id)?.me
    if (!before) return
    held.take({ type: 'view', id, me: { ...before, ...withoutNulls(patch) } })
    try {
      const params = { path: { id } }
      const me = await ok(api.PATCH('/v1/conversations/{id}/me', { params, body: patch }))
      held.take({ type: 'view', id, me })
    } catch (thrown) {
      held.take({ type: 'view', id, me: before })
      throw thrown
    }
  }

  const archive = (id: string, archived: boolean) => patchView(id, { archived })
  const pin = (id: string, pinned: boolean) => patchView(id, { pinned })
  /** Until an RFC 3339 time; null ends it. */
  const mute = (id: string, until: string | null) => patchView(id, { muted_until: until })
  /** From a `seq` on, without moving a receipt; null takes the mark away. */
  const markUnread = (id: string, fromSeq: number | null) =>
    patchView(id, { unread_from_seq: fromSeq })

  /** Everything up to the newest message, and the mark by hand. */
  async function markRead(id: string) {
    const room = held.rooms.get(id)
    if (!room) return
    useReceipts().read(id, room.shared.last_seq)
    if ((room.me.unread_from_seq ?? null) !== null) await markUnread(id, null)
  }

  /** The messages so far vanish, for the caller alone. */
  async function clear(id: string) {
    await ok(api.POST('/v1/conversations/{id}/clear', { params: { path: { id } } }))
    await lookAgain(id)
  }

  /** Takes a direct chat off the list until a new message arrives; the other side keeps it. */
  async function remove(id: string) {
    await ok(api.DELETE('/v1/conversations/{id}', { params: { path: { id } } }))
    await lookAgain(id)
  }

  async function lookAgain(id: string) {
    const params = { path: { id } }
    const conversation = await ok(api.GET('/v1/conversations/{id}', { params }))
    held.take({ type: 'conversation', id, conversation })
  }

  return {
    rows,
    status: computed(() => held.status),
    error: computed(() => held.error),
    unreadTotal,
    list,
    get,
    load,
    reload: held.sync,
    openDirect,
    archive,
    pin,
    mute,
    markUnread,
    markRead,
    clear,
    remove,
  }
})

/** The pinned ones in their order, then whatever moved last. */
function byPlace(a: ConversationRow, b: ConversationRow): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1
  const places = (a.me.pin_position ?? 0) - (b.me.pin_position ?? 0)
  if (a.pinned && places !== 0) return places
  return b.lastActivityAt.localeCompare(a.lastActivityAt) || a.id.localeCompare(b.id)
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

/** A null in a patch clears; in a view nothing is the same as null, but for flags. */
function withoutNulls({ archived, pinned, ...rest }: ViewPatch) {
  return {
    ...rest,
    ...(archived === null || archived === undefined ? {} : { archived }),
    ...(pinned === null || pinned === undefined ? {} : { pinned }),
  }
}
