/** Writing messages, and what one does with a single one. */
import { api, ok } from '~/api/client'
import { ApiError } from '~/api/error'
import type { Message } from '~/api/wire'
import type { Database } from '~/db/database'
import { placeOf } from '~/realtime/messages'
import { Outbox, type OutboxEntry, type OutboxNotice } from '~/realtime/outbox'
import type { Draft, TimelineItem } from '~/types/timeline'

/** What is looked for; times are RFC 3339. */
export interface SearchQuery {
  q: string
  conversation_id?: string
  /** A sender's id. */
  from?: string
  before?: string
  after?: string
  has?: 'file'
}

/** Where a message is. */
export interface MessagePlace {
  conversationId: string
  messageId: string
}

export const useMessages = defineStore('messages', () => {
  const session = useSession()
  const rooms = useRooms()

  const entries = shallowRef<readonly OutboxEntry[]>([])
  const pending = computed(() => {
    const groups = new Map<string, TimelineItem[]>()
    for (const entry of entries.value) {
      const items = groups.get(entry.conversationId) ?? []
      items.push(itemOf(entry))
      groups.set(entry.conversationId, items)
    }
    return groups
  })

  let outbox: Outbox | null = null
  /** Written before the outbox was there. */
  const early: OutboxEntry[] = []
  let lastWritten = 0

  async function start(db: Database | null, tell: (notice: OutboxNotice) => void) {
    stop()
    const started = new Outbox(
      {
        // Without a database they live as long as the page does.
        load: async () => (await db?.getAll('outbox').catch(() => null)) ?? [],
        save: async (entry) => void (await db?.put('outbox', entry).catch(() => null)),
        remove: async (clientId) => void (await db?.delete('outbox', clientId).catch(() => null)),
        send: (id, body) =>
          ok(api.POST('/v1/conversations/{id}/messages', { params: { path: { id } }, body })),
      },
      {
        changed: (changed) => {
          entries.value = changed
        },
        sent: (message) => rooms.take({ type: 'message', message }),
        tell,
      },
    )
    outbox = started
    await started.restore()
    early.splice(0).forEach((entry) => started.add(entry))
  }

  function stop() {
    outbox?.stop()
    outbox = null
    entries.value = []
  }

  /** What is on its way in a conversation, by order of sending. */
  const pendingOf = (conversationId: string): TimelineItem[] =>
    pending.value.get(conversationId) ?? []

  function itemOf(entry: OutboxEntry): TimelineItem {
    const { clientId, conversationId, failure } = entry
    const sender = session.userId ?? ''
    return {
      key: keyOf(sender, clientId),
      mine: true,
      state: failure ? 'failed' : 'sending',
      failure: failure && new ApiError(failure.code, 0, failure.requestId),
      message: {
        id: null,
        seq: null,
        rev: null,
        client_id: clientId,
        conversation_id: conversationId,
        sender_id: sender,
        kind: 'text',
        body: entry.body,
        reply_to: entry.replyTo,
        attachments: entry.attachments,
        reactions: [],
        mentions: [],
        mentions_all: false,
        pinned: false,
        created_at: entry.createdAt,
        edited_at: null,
        deleted_at: null,
      },
    }
  }

  /** Puts a message on its way. It is in the timeline when this returns; its key is the answer. */
  function send(conversationId: string, draft: Draft): string {
    const clientId = crypto.randomUUID()
    // Two in the same millisecond keep their order.
    lastWritten = Math.max(Date.now(), lastWritten + 1)
    const entry: OutboxEntry = {
      clientId,
      conversationId,
      body: draft.body.trim(),
      // Plain objects: a reactive one can neither be kept nor told to other tabs.
      replyTo: toRaw(draft.replyTo) ?? null,
      attachments: (toRaw(draft.attachments) ?? []).map((attachment) => toRaw(attachment)),
      createdAt: new Date(lastWritten).toISOString(),
      failure: null,
    }
    if (outbox) outbox.add(entry)
    else early.push(entry)
    return keyOf(session.userId ?? '', clientId)
  }

  /** Tries a failed one again. */
  const retry = (item: TimelineItem) => outbox?.retry(item.message.client_id)

  /** Forgets one that was not sent. */
  const discard = async (item: TimelineItem) => await outbox?.discard(item.message.client_id)

  // ---- What is there already ----

  async function edit(place: MessagePlace, body: string) {
    const params = pathOf(place)
    const path = '/v1/conversations/{id}/messages/{message_id}'
    take(await ok(api.PATCH(path, { params, body: { body } })))
  }

  /** Deletes it for the caller alone; shown at once, and put back if the server refuses. */
  async function hide({ conversationId: id, messageId }: MessagePlace) {
    rooms.take({ type: 'hide', id, messageId })
    try {
      await remove({ conversationId: id, messageId }, 'me')
    } catch (thrown) {
      rooms.take({ type: 'show', id, messageId })
      throw thrown
    }
  }

  /** Deletes it for everyone: the author, or a group's admin. */
  const removeForAll = (place: MessagePlace) => remove(place, 'everyone')

  async function remove(place: MessagePlace, whose: 'me' | 'everyone') {
    const params = { ...pathOf(place), query: { for: whose } }
    await ok(api.DELETE('/v1/conversations/{id}/messages/{message_id}', { params }))
  }

  async function react(place: MessagePlace, emoji: string, yes: boolean) {
    const params = { path: { ...pathOf(place).path, emoji } }
    const path = '/v1/conversations/{id}/messages/{message_id}/reactions/{emoji}'
    await ok(yes ? api.PUT(path, { params }) : api.DELETE(path, { params }))
  }

  async function pin(place: MessagePlace, yes: boolean) {
    const params = pathOf(place)
    const path = '/v1/conversations/{id}/messages/{message_id}/pin'
    await ok(yes ? api.PUT(path, { params }) : api.DELETE(path, { params }))
  }

  /** One page of who chose an emoji. */
  const whoReacted = (place: MessagePlace, emoji: string, cursor?: string) =>
    ok(
      api.GET('/v1/conversations/{id}/messages/{message_id}/reactions/{emoji}', {
        params: { path: { ...pathOf(place).path, emoji }, query: { cursor } },
      }),
    )

  /** One page of who has received and read it. */
  const seenBy = (place: MessagePlace, cursor?: string) =>
    ok(
      api.GET('/v1/conversations/{id}/messages/{message_id}/receipts', {
        params: { ...pathOf(place), query: { cursor } },
      }),
    )

  const pins = (conversationId: string, cursor?: string) =>
    ok(
      api.GET('/v1/conversations/{id}/pins', {
        params: { path: { id: conversationId }, query: { cursor } },
      }),
    )

  /** One page of messages with files, newest first. */
  const files = (conversationId: string, cursor?: string) =>
    ok(
      api.GET('/v1/conversations/{id}/files', {
        params: { path: { id: conversationId }, query: { cursor } },
      }),
    )

  /** One page of messages that hold the words, newest first. */
  const search = (query: SearchQuery, cursor?: string) =>
    ok(api.GET('/v1/search', { params: { query: { ...query, cursor } } }))

  /** The message at a place of the timeline, if it is held. */
  function held(conversationId: string, seq: number): Message | undefined {
    const { messages = [], hidden } = rooms.rooms.get(conversationId) ?? {}
    const found = messages[placeOf(messages, seq)]
    return found?.seq === seq && !hidden?.has(found.id) ? found : undefined
  }

  /** The newest message of one's own that is held and seen. */
  function lastOwn(conversationId: string): Message | undefined {
    const room = rooms.rooms.get(conversationId)
    return room?.messages.findLast(
      ({ id, kind, sender_id, deleted_at }) =>
        kind === 'text' && sender_id === room.own && !deleted_at && !room.hidden.has(id),
    )
  }

  const take = (message: Message) => rooms.take({ type: 'message', message })

  return {
    pendingOf,
    send,
    retry,
    discard,
    edit,
    hide,
    removeForAll,
    react,
    pin,
    whoReacted,
    seenBy,
    pins,
    files,
    search,
    held,
    lastOwn,
    start,
    stop,
    hear: (notice: OutboxNotice) => outbox?.hear(notice),
    lead: (leading: boolean) => outbox?.lead(leading),
    hurry: () => outbox?.hurry(),
  }
})

/** Names a message before and after it has an id; a `client_id` is its sender's own. */
export function keyOf(senderId: string, clientId: string): string {
  return `${senderId}:${clientId}`
}

function pathOf({ conversationId, messageId }: MessagePlace) {
  return { path: { id: conversationId, message_id: messageId } }
}
