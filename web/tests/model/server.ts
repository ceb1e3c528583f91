/**
 * A small server for property tests: what the database knew at each moment, the frames that told of
 * the changes, and the API's answers from a snapshot of any moment. Only the rules that a client can
 * notice are here, with limits so small that every one of them is met.
 */
import type {
  Changes,
  Conversation,
  Message,
  MessagePage,
  Receipts,
  SharedConversation,
  SyncRequest,
  SyncResponse,
  View,
} from '~/api/wire'
import type { ServerFrame } from '~/realtime/frames'
import type { PageQuery } from '~/realtime/room/held'

export const OWN = 'own'
const PEER = 'peer'
const THIRD = 'third'

const RESET = 12
const SYNC_CONVERSATIONS = 2
const PAGE = 4
const CHANGES = 3

interface Kept {
  shared: SharedConversation
  fieldsRev: number
  messages: Message[]
  /** Watermarks of each member. */
  marks: Record<string, Receipts>
  floor: Receipts
  own: Omit<View, 'delivered_seq' | 'read_seq' | 'unread' | 'mentions'>
  hidden: Record<string, number>
  member: boolean
}

interface Moment {
  epoch: string
  accountRev: number
  conversations: Record<string, Kept>
}

/** One change; numbers are taken modulo what there is. */
export type Op = { at: number } & (
  | { op: 'send'; by: number; mention: boolean; answers: number | null }
  | { op: 'edit' | 'delete' | 'hide' | 'react' | 'pin'; message: number }
  | { op: 'rename' | 'clear' | 'unlist' | 'archive' | 'removeOwn' | 'restore' }
  | { op: 'receipt'; by: number; upTo: number; read: boolean }
  | { op: 'markUnread'; from: number }
)

export class ModelServer {
  readonly moments: Moment[] = []
  /** Each with the moment from which on it can arrive. */
  readonly frames: { moment: number; frame: ServerFrame }[] = []
  private ids = 0

  constructor(kinds: ('direct' | 'channel')[], ops: readonly Op[]) {
    const conversations: Record<string, Kept> = {}
    kinds.forEach((kind, index) => {
      conversations[`c${index}`] = begun(`c${index}`, kind)
    })
    this.moments.push({ epoch: 'e0', accountRev: 0, conversations })
    for (const op of ops) this.apply(op)
  }

  get last(): number {
    return this.moments.length - 1
  }

  epoch(at: number): string {
    return this.moment(at).epoch
  }

  /** The first moment of an epoch. */
  began(epoch: string | null): number {
    return this.moments.findIndex((moment) => moment.epoch === epoch)
  }

  // ---- Answers ----

  conversation(at: number, id: string): Conversation | null {
    const kept = this.moment(at).conversations[id]
    return kept?.member ? answered(kept) : null
  }

  changes(at: number, id: string, since: number, limit = CHANGES): Changes | null {
    const kept = this.moment(at).conversations[id]
    if (!kept?.member) return null
    const { rev } = kept.shared
    const reset = rev - since > RESET
    const newer = kept.messages
      .map((message) => asRead(kept, message))
      .filter((message) => message.rev > since && message.seq > kept.own.cleared_seq)
      .filter((message) => !(message.id in kept.hidden))
      .sort((a, b) => a.rev - b.rev)
    const items = reset ? [] : newer.slice(0, limit)
    const complete = reset || items.length < limit || items.at(-1)?.rev === rev
    const conversation = kept.fieldsRev > since ? structuredClone(kept.shared) : null
    return { items: structuredClone(items), conversation, rev, complete, reset }
  }

  page(at: number, id: string, query: PageQuery): MessagePage | null {
    const kept = this.moment(at).conversations[id]
    if (!kept?.member) return null
    const visible = visibleTo(kept)
    const below = (seq: number) => visible.filter((message) => message.seq < seq)
    const above = (seq: number) => visible.filter((message) => message.seq > seq)
    let items = visible.slice(-PAGE)
    if (query.before !== undefined) items = below(query.before).slice(-PAGE)
    if (query.after !== undefined) items = above(query.after).slice(0, PAGE)
    if (query.around !== undefined) {
      items = [
        ...below(query.around).slice(-PAGE / 2),
        ...above(query.around - 1).slice(0, PAGE / 2),
      ]
    }
    const first = items[0]?.seq ?? query.before ?? (query.after ?? 0) + 1
    const last = items.at(-1)?.seq ?? query.after ?? (query.before ?? 1) - 1
    return {
      items: structuredClone(items),
      has_before: below(first).length > 0,
      has_after: above(last).length > 0,
      rev: kept.shared.rev,
    }
  }

  sync(at: number, request: SyncRequest): SyncResponse {
    const { epoch, accountRev, conversations } = this.moment(at)
    const readable = Object.values(conversations).filter(({ member }) => member)
    const from = Number(request.cursor ?? 0)
    const rows = readable.slice(from, from + SYNC_CONVERSATIONS)
    const more = from + SYNC_CONVERSATIONS < readable.length
    const answer: SyncResponse = {
      epoch,
      account_rev: accountRev,
      conversations: [],
      changes: {},
      views: {},
      removed: [],
      next_cursor: more ? String(from + SYNC_CONVERSATIONS) : null,
    }
    for (const kept of rows) {
      const { id, rev } = kept.shared
      const known = request.known[id]
      if (known ? known.rev !== rev : kept.own.listed) answer.conversations.push(answered(kept))
      if (!known) continue
      const changes = known.rev !== rev && this.changes(at, id, known.rev, Infinity)
      if (changes) answer.changes[id] = changes
      const { me, receipts, view } = answered(kept)
      if (known.view === view) continue
      const hidden = Object.keys(kept.hidden).filter(
        (message) => (kept.hidden[message] ?? 0) > known.me_version,
      )
      answer.views[id] = { me, receipts, view, hidden }
    }
    if (!request.cursor) {
      answer.removed = Object.keys(request.known).filter((id) => !conversations[id]?.member)
    }
    return answer
  }

  // ---- Changes ----

  private apply(op: Op) {
    const now = structuredClone(this.moment(this.last))
    const all = Object.values(now.conversations)
    const kept = all[op.at % all.length]
    if (!kept) return
    const told = this.change(now, kept, op)
    this.moments.push(now)
    told.forEach((frame) => this.frames.push({ moment: this.last, frame: structuredClone(frame) }))
  }

  private change(now: Moment, kept: Kept, op: Op): ServerFrame[] {
    const conversation_id = kept.shared.id
    switch (op.op) {
      case 'send':
        return this.send(kept, op)
      case 'edit':
      case 'react':
      case 'pin':
      case 'delete': {
        const message = kept.messages[op.message % Math.max(1, kept.messages.length)]
        if (!message || message.deleted_at) return []
        message.rev = nextRev(kept)
        if (op.op === 'edit') message.body += '!'
        if (op.op === 'react') toggleReaction(message)
        if (op.op === 'pin') message.pinned = !message.pinned
        if (op.op === 'delete') Object.assign(message, TOMBSTONE)
        const type = op.op === 'delete' ? 'message.deleted' : 'message.updated'
        return heard(kept, [
          { type, conversation_id, rev: message.rev, message: forAll(kept, message) },
        ])
      }
      case 'rename':
        kept.fieldsRev = nextRev(kept)
        kept.shared.name = `name ${kept.fieldsRev}`
        return heard(kept, [
          {
            type: 'conversation.updated',
            rev: kept.shared.rev,
            conversation: kept.shared as never,
          },
        ])
      case 'receipt':
        return this.receipt(kept, op)
      case 'hide': {
        const message = visibleTo(kept)[op.message % Math.max(1, visibleTo(kept).length)]
        if (!message) return []
        kept.own.version += 1
        kept.hidden[message.id] = kept.own.version
        const me = viewOf(kept)
        return heard(kept, [
          { type: 'message.hidden', conversation_id, message_id: message.id, me },
        ])
      }
      case 'clear':
      case 'unlist':
        kept.own.cleared_seq = kept.shared.last_seq
        if (op.op === 'unlist') kept.own.listed = false
        return viewMoved(kept)
      case 'archive':
        kept.own.archived = !kept.own.archived
        return viewMoved(kept)
      case 'markUnread': {
        const seq = 1 + (op.from % (kept.shared.last_seq + 1))
        kept.own.unread_from_seq = seq > kept.shared.last_seq ? null : seq
        return viewMoved(kept)
      }
      case 'removeOwn':
        return this.removeOwn(now, kept)
      case 'restore':
        return this.restore(now, conversation_id)
    }
  }

  private send(kept: Kept, { by, mention, answers }: Op & { op: 'send' }): ServerFrame[] {
    const sender = members(kept)[by % members(kept).length] ?? OWN
    if (!kept.member && sender === OWN) return []
    const seq = (kept.shared.last_seq += 1)
    const rev = nextRev(kept)
    const id = `m${(this.ids += 1)}`
    const message: Message = {
      id,
      conversation_id: kept.shared.id,
      seq,
      rev,
      client_id: `client ${id}`,
      sender_id: sender,
      kind: by % 7 === 6 ? 'system' : 'text',
      body: id,
      reply_to: answers === null ? null : answerTo(kept, answers),
      attachments: [],
      reactions: [],
      mentions: mention ? [OWN] : [],
      mentions_all: false,
      pinned: false,
      created_at: 'then',
      edited_at: null,
      deleted_at: null,
    }
    kept.messages.push(message)
    kept.own.listed = true
    kept.marks[sender] = { delivered_seq: seq, read_seq: seq }
    const rose = raiseFloor(kept)
    const conversation_id = kept.shared.id
    const created = { type: 'message.created', conversation_id, rev, message } as const
    // In a channel the floor is told; in a direct chat it follows from the two sides.
    const floor = { type: 'receipts', conversation_id, ...kept.floor } as const
    return heard(kept, rose && kept.shared.kind === 'channel' ? [created, floor] : [created])
  }

  private receipt(kept: Kept, op: { by: number; upTo: number; read: boolean }): ServerFrame[] {
    const user = members(kept)[op.by % members(kept).length] ?? PEER
    const old = kept.marks[user] ?? { delivered_seq: 0, read_seq: 0 }
    const seq = op.upTo % (kept.shared.last_seq + 1)
    const marks = {
      delivered_seq: Math.max(old.delivered_seq, seq),
      read_seq: op.read ? Math.max(old.read_seq, seq) : old.read_seq,
    }
    kept.marks[user] = marks
    const rose = raiseFloor(kept)
    const conversation_id = kept.shared.id
    const frames: ServerFrame[] = [{ type: 'receipt', conversation_id, user_id: user, ...marks }]
    if (user === OWN) frames.push({ type: 'conversation.me', conversation_id, me: framed(kept) })
    if (rose && kept.shared.kind === 'channel') {
      frames.push({ type: 'receipts', conversation_id, ...kept.floor })
    }
    return heard(kept, frames)
  }

  /** The caller leaves, or comes back to all that happened meanwhile. */
  private removeOwn(now: Moment, kept: Kept): ServerFrame[] {
    if (kept.shared.kind === 'direct') return []
    kept.member = !kept.member
    now.accountRev += 1
    const { id, rev, last_seq } = kept.shared
    if (!kept.member) return [{ type: 'conversation.removed', conversation_id: id, rev }]
    kept.marks[OWN] = { delivered_seq: last_seq, read_seq: last_seq }
    kept.own.version += 1
    return []
  }

  /** The database comes back from a backup: one conversation is as it was. */
  private restore(now: Moment, id: string): ServerFrame[] {
    const backup = this.moments[Math.floor(this.last / 2)]?.conversations[id]
    if (backup) now.conversations[id] = structuredClone(backup)
    now.epoch = `e${this.moments.length}`
    return []
  }

  private moment(at: number): Moment {
    const moment = this.moments[at]
    if (!moment) throw new Error(`there is no moment ${at}`)
    return moment
  }
}

function begun(id: string, kind: 'direct' | 'channel'): Kept {
  const none = () => ({ delivered_seq: 0, read_seq: 0 })
  const marks: Record<string, Receipts> = { [OWN]: none(), [PEER]: none() }
  if (kind === 'channel') marks[THIRD] = none()
  const created_at = '2026-11-22T09:00:00.000Z'
  return {
    shared: {
      ...{ id, kind, group_id: kind === 'channel' ? 'g' : null, name: id, topic: null },
      ...{ category: null, position: null, last_seq: 0, rev: 0, created_at },
    },
    fieldsRev: 0,
    messages: [],
    marks,
    floor: none(),
    own: {
      ...{ version: 0, archived: false, pinned: false, pin_position: null, muted_until: null },
      ...{ cleared_seq: 0, unread_from_seq: null, listed: true },
    },
    hidden: {},
    member: true,
  }
}

const members = (kept: Kept) => Object.keys(kept.marks)
const nextRev = (kept: Kept) => (kept.shared.rev += 1)

/** Whoever is no member hears nothing. */
const heard = (kept: Kept, frames: ServerFrame[]) => (kept.member ? frames : [])

function viewMoved(kept: Kept): ServerFrame[] {
  kept.own.version += 1
  return heard(kept, [
    { type: 'conversation.me', conversation_id: kept.shared.id, me: framed(kept) },
  ])
}

function raiseFloor(kept: Kept): boolean {
  const all = Object.values(kept.marks)
  const old = kept.floor
  kept.floor = {
    delivered_seq: Math.max(old.delivered_seq, Math.min(...all.map((mark) => mark.delivered_seq))),
    read_seq: Math.max(old.read_seq, Math.min(...all.map((mark) => mark.read_seq))),
  }
  return kept.floor.delivered_seq > old.delivered_seq || kept.floor.read_seq > old.read_seq
}

function visibleTo(kept: Kept): Message[] {
  return kept.messages
    .filter(({ id, seq }) => seq > kept.own.cleared_seq && !(id in kept.hidden))
    .map((message) => asRead(kept, message))
}

function viewOf(kept: Kept): View {
  const marks = kept.marks[OWN] ?? { delivered_seq: 0, read_seq: 0 }
  const { unread_from_seq, cleared_seq } = kept.own
  const marked = unread_from_seq ?? null
  const first =
    marked === null ? Math.max(marks.read_seq, cleared_seq) + 1 : Math.max(marked, cleared_seq + 1)
  const counted = visibleTo(kept).filter(
    (message) =>
      message.seq >= first &&
      message.sender_id !== OWN &&
      message.kind === 'text' &&
      !message.deleted_at,
  )
  const mentions = counted.filter((message) => message.mentions.includes(OWN)).length
  return { ...kept.own, ...marks, unread: counted.length, mentions }
}

const framed = (kept: Kept) => viewOf(kept) as never

/** What a deleted message loses. */
const TOMBSTONE = { body: '', deleted_at: 'then', reactions: [], reply_to: null, pinned: false }

function answerTo(kept: Kept, answered: number): Message['reply_to'] {
  const message = kept.messages[answered % Math.max(1, kept.messages.length)]
  if (!message) return null
  const { id: message_id, seq, sender_id, body } = message
  return { message_id, seq, sender_id, excerpt: body }
}

/** As it is read now: with the beginning of what it answers. */
function asRead(kept: Kept, message: Message): Message {
  const { reply_to } = message
  return reply_to ? { ...message, reply_to: answerTo(kept, reply_to.seq - 1) } : message
}

/** As frames carry it: the same for everyone. */
function forAll(kept: Kept, shown: Message): Message {
  const message = asRead(kept, shown)
  return { ...message, reactions: message.reactions.map(({ mine: _, ...reaction }) => reaction) }
}

function toggleReaction(message: Message) {
  const had = message.reactions.length > 0
  message.reactions = had ? [] : [{ emoji: '👍', count: 1, user_ids: [OWN], mine: true }]
}

function answered(kept: Kept): Conversation {
  const me = viewOf(kept)
  const receipts = kept.floor
  const last_message = visibleTo(kept).at(-1) ?? null
  const view = JSON.stringify({ me, receipts })
  return structuredClone({ ...kept.shared, peer: null, last_message, receipts, me, view })
}
