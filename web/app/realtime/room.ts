/**
 * One conversation as this client holds it: pure, no I/O. Every function gives a new room, or the
 * same one when nothing changed.
 *
 * The rule (docs/web-client.md): what is at or below `rev` is dropped, `rev + 1` is applied, what is
 * above waits until the hole is filled; of a message the higher `rev` wins; watermarks only rise.
 */
import type {
  Changes,
  Conversation,
  Known,
  Message,
  MessagePage,
  Receipts,
  SharedConversation,
  User,
  View,
  ViewChange,
} from '~/api/wire'
import { inserted, placeOf } from './messages'
import { addSpan, FIRST_SEQ, intersect, LIVE, liveSpan, spanAt, type Spans } from './spans'

/** Events that wait above a hole, at most; what is beyond comes back with the changes. */
export const WAITING_MAX = 200

/** Newest messages that are kept whatever is trimmed: the list shows the last of them. */
const TAIL_KEPT = 50

/** A change that carries a revision. */
export type RoomEvent =
  { type: 'created' | 'changed'; message: Message } | { type: 'shared'; shared: SharedConversation }

/** Counts as the server told them, and what it counted over. */
interface Told {
  readonly unread: number
  readonly mentions: number
  /** The newest `seq` that was counted. */
  readonly through: number
}

export interface Room {
  /** The signed-in user. */
  readonly own: string
  readonly shared: SharedConversation
  readonly peer: User | null
  readonly me: View
  /**
   * The version of `me` up to which all hidden messages are known. It lags `me.version`: a view that
   * is heard of says nothing of the messages that one before it, lost on the way, has hidden.
   */
  readonly meVersion: number
  readonly receipts: Receipts
  /** The other one's watermarks, in direct chats, as far as events told. */
  readonly peerReceipts: Receipts
  /** Applied without a hole up to here. */
  readonly rev: number
  /** By `seq`; only what lies in `spans`. */
  readonly messages: readonly Message[]
  readonly spans: Spans
  /** Ids of messages deleted for the caller alone. */
  readonly hidden: ReadonlySet<string>
  readonly waiting: ReadonlyMap<number, RoomEvent>
  /**
   * Where a message changed that is not held though its place is: it may be hidden from the caller,
   * and only a page can say.
   */
  readonly doubts: readonly number[]
  readonly told: Told
  /** The server's tag over `me` and `receipts`, while what is held is what it was made for. */
  readonly tag: string | null
}

/** A conversation without its timeline yet, but for its newest message. */
export function newRoom(own: string, conversation: Conversation): Room {
  const { me, receipts, view } = conversation
  const room: Room = {
    own,
    shared: sharedOf(conversation),
    peer: conversation.peer ?? null,
    me,
    meVersion: me.version,
    receipts,
    peerReceipts: { delivered_seq: 0, read_seq: 0 },
    rev: conversation.rev,
    messages: [],
    spans: [],
    hidden: new Set(),
    waiting: new Map(),
    doubts: [],
    told: toldBy(me, conversation.last_seq),
    tag: view,
  }
  return withLast(room, conversation)
}

export const hasHole = (room: Room): boolean => room.waiting.size > 0

/** What this client says of it in `sync`. */
export function knownOf(room: Room): Known {
  return { rev: room.rev, me_version: room.meVersion, view: room.tag }
}

/** An event of the live stream. */
export function applyEvent(room: Room, rev: number, event: RoomEvent): Room {
  if (rev <= room.rev) return room
  const waiting = new Map(room.waiting).set(rev, event)
  const drained = drain({ ...room, waiting })
  if (drained.waiting.size <= WAITING_MAX) return drained
  const farthest = Math.max(...drained.waiting.keys())
  return { ...drained, waiting: without(drained.waiting, farthest) }
}

/**
 * A message as a request of this client's own was answered: shown at once, also above a hole, which
 * the events or the changes fill.
 */
export function applyAnswer(room: Room, message: Message): Room {
  return putMessage(applyEvent(room, message.rev, { type: 'created', message }), message)
}

/**
 * One member's watermarks. In a channel another member's say nothing of the lowest: this client does
 * not know everyone's.
 */
export function applyReceipt(room: Room, userId: string, marks: Receipts): Room {
  if (userId === room.own) {
    const raised = highest(room.me, marks)
    return sameMarks(raised, room.me) ? room : moved(room, { me: { ...room.me, ...raised } })
  }
  if (room.shared.kind !== 'direct') return room
  const peerReceipts = highest(room.peerReceipts, marks)
  return sameMarks(peerReceipts, room.peerReceipts) ? room : moved(room, { peerReceipts })
}

/** The lowest watermarks over all members. */
export function applyReceipts(room: Room, receipts: Receipts): Room {
  const raised = highest(room.receipts, receipts)
  return sameMarks(raised, room.receipts) ? room : moved(room, { receipts: raised })
}

/**
 * The caller's own view: the higher version, the higher watermarks. Its counts are over the messages
 * up to `countedTo`.
 */
export function applyView(room: Room, view: View, countedTo = room.shared.last_seq): Room {
  const newer = view.version >= room.me.version
  const me = { ...(newer ? view : room.me), ...highest(room.me, view) }
  const told = newer ? toldBy(view, countedTo) : room.told
  return dropCleared(moved(room, { me, told }))
}

/** A message was deleted for the caller alone. */
export function hideMessage(room: Room, messageId: string): Room {
  return { ...room, hidden: new Set(room.hidden).add(messageId), tag: null }
}

/**
 * Whether there is nothing to show as the newest message, though older ones may exist: the only one
 * that was held is hidden.
 */
export function lacksNewest(room: Room): boolean {
  const live = liveSpan(room.spans)
  if (!live || live.from <= room.me.cleared_seq + 1) return false
  const held = room.messages.slice(placeOf(room.messages, live.from))
  return held.every(({ id }) => room.hidden.has(id))
}

/** It turned out that the message is not deleted for the caller. */
export function showMessage(room: Room, messageId: string): Room {
  const hidden = new Set(room.hidden)
  hidden.delete(messageId)
  return { ...room, hidden, tag: null }
}

/**
 * A conversation that is held already, as the API answers it. Its `rev` says nothing here: what
 * happened up to it comes as changes.
 */
export function mergeConversation(room: Room, conversation: Conversation): Room {
  const shared = mergeShared(room.shared, sharedOf(conversation))
  const merged = { ...room, shared, peer: conversation.peer ?? null }
  return withLast(applyTold(merged, conversation, conversation.last_seq), conversation)
}

/** What `sync` says of a view whose tag differs. */
export function mergeViewChange(room: Room, change: ViewChange): Room {
  const hidden = new Set([...room.hidden, ...change.hidden])
  const meVersion = Math.max(room.meVersion, change.me.version)
  return applyTold({ ...room, hidden, meVersion }, change, room.shared.last_seq)
}

/** What happened since a revision that was asked from; `next` is where to go on asking. */
export function applyChanges(room: Room, changes: Changes): { room: Room; next: number | null } {
  if (changes.reset) {
    const emptied = { ...room, messages: [], spans: [], doubts: [] }
    return { room: rise(emptied, changes.rev), next: null }
  }
  const last = changes.items.at(-1)
  const reached = changes.complete ? changes.rev : (last?.rev ?? room.rev)
  const shared = changes.conversation ? mergeShared(room.shared, changes.conversation) : room.shared
  const put = changes.items.reduce(putMessage, { ...room, shared })
  return { room: rise(put, reached), next: changes.complete ? null : reached }
}

/** Which page of the timeline was asked for: seqs, exclusive (`around` inclusive). */
export interface PageQuery {
  before?: number
  after?: number
  around?: number
}

/** A page of the timeline; `since` is what to ask changes from when it is older than the room. */
export function applyPage(
  room: Room,
  query: PageQuery,
  page: MessagePage,
): { room: Room; since: number | null } {
  const first = page.items[0]?.seq ?? LIVE
  const last = page.items.at(-1)?.seq ?? 0
  const from = query.after !== undefined ? query.after + 1 : page.has_before ? first : FIRST_SEQ
  const to = query.before !== undefined ? query.before - 1 : page.has_after ? last : LIVE
  const spans = from <= to ? addSpan(room.spans, { from, to }) : room.spans
  const doubts = room.doubts.filter((seq) => seq < from || seq > to)
  const put = page.items.reduce(putMessage, { ...room, spans, doubts })
  return { room: put, since: page.rev < room.rev ? page.rev : null }
}

/** Forgets what is far from the range that is read; the newest messages stay. */
export function trimRoom(room: Room, from: number, to: number): Room {
  const tail = room.messages.at(-TAIL_KEPT)?.seq ?? FIRST_SEQ
  const live = liveSpan(room.spans)
  const kept = [{ from, to }]
  if (live) kept.push({ from: Math.max(tail, live.from), to: LIVE })
  const spans = intersect(room.spans, kept.reduce<Spans>(addSpan, []))
  const messages = room.messages.filter(({ seq }) => spanAt(spans, seq))
  const doubts = room.doubts.filter((seq) => spanAt(spans, seq))
  return { ...room, spans, messages, doubts }
}

function drain(room: Room): Room {
  let next = room
  for (;;) {
    const rev = next.rev + 1
    const event = next.waiting.get(rev)
    if (!event) return next
    next = apply({ ...next, rev, waiting: without(next.waiting, rev) }, event)
  }
}

function apply(room: Room, event: RoomEvent): Room {
  if (event.type === 'shared') {
    return { ...room, shared: mergeShared(room.shared, event.shared) }
  }
  const { seq } = event.message
  const covered = spanAt(room.spans, seq) && seq <= room.shared.last_seq
  const unheld = covered && room.messages[placeOf(room.messages, seq)]?.seq !== seq
  if (event.type === 'created' || !unheld || seq <= room.me.cleared_seq) {
    return putMessage(room, event.message)
  }
  return { ...room, doubts: [...new Set([...room.doubts, seq])] }
}

function rise(room: Room, rev: number): Room {
  const reached = Math.max(room.rev, rev)
  const waiting = new Map([...room.waiting].filter(([above]) => above > reached))
  // What waited below is told by the changes as well, unless it is out of the caller's sight.
  const passed = [...room.waiting].filter(([above]) => above <= reached).map(([, event]) => event)
  return drain(passed.reduce(apply, { ...room, rev: reached, waiting }))
}

function putMessage(room: Room, message: Message): Room {
  const { seq } = message
  const isNew = seq > room.shared.last_seq
  const shared = isNew ? { ...room.shared, last_seq: seq } : room.shared
  // A new message brings a deleted chat back into the list.
  const me = isNew && !room.me.listed ? { ...room.me, listed: true } : room.me
  // Sending moves the sender's own watermarks, without a frame of its own.
  const sent = { delivered_seq: seq, read_seq: seq }
  const marked = applyReceipt({ ...room, shared, me }, message.sender_id, sent)
  if (seq <= marked.me.cleared_seq || !spanAt(marked.spans, seq)) return marked
  return { ...marked, messages: inserted(marked.messages, message, room.own) }
}

/**
 * The newest message, as the answer that told the view (and so its tag) showed it. An answer that is
 * late shows only what was the newest once.
 */
function withLast(room: Room, { last_message: last, last_seq, rev }: Conversation): Room {
  const span = { from: last ? last.seq : last_seq + 1, to: LIVE }
  const known = liveSpan(room.spans) !== undefined || rev < room.rev
  const reaching = known ? room : { ...room, spans: addSpan(room.spans, span) }
  return last ? { ...putMessage(reaching, last), tag: room.tag } : reaching
}

function mergeShared(old: SharedConversation, next: SharedConversation): SharedConversation {
  const last_seq = Math.max(old.last_seq, next.last_seq)
  return { ...(next.rev >= old.rev ? next : old), last_seq }
}

function applyTold(
  room: Room,
  told: Pick<ViewChange, 'me' | 'receipts' | 'view'>,
  to: number,
): Room {
  const next = applyReceipts(applyView(room, told.me, to), told.receipts)
  const asTold =
    to === next.shared.last_seq &&
    next.me.version === told.me.version &&
    sameMarks(next.me, told.me) &&
    sameMarks(next.receipts, told.receipts)
  return { ...next, tag: asTold ? told.view : null }
}

/** Watermarks or the view moved: in a direct chat the lowest follow from the two members' own. */
function moved(room: Room, change: Partial<Room>): Room {
  const next = { ...room, ...change, tag: null }
  if (next.shared.kind !== 'direct') return next
  const lowest = {
    delivered_seq: Math.min(next.me.delivered_seq, next.peerReceipts.delivered_seq),
    read_seq: Math.min(next.me.read_seq, next.peerReceipts.read_seq),
  }
  return { ...next, receipts: highest(next.receipts, lowest) }
}

function dropCleared(room: Room): Room {
  const first = placeOf(room.messages, room.me.cleared_seq + 1)
  return first === 0 ? room : { ...room, messages: room.messages.slice(first) }
}

function highest(a: Receipts, b: Receipts): Receipts {
  return {
    delivered_seq: Math.max(a.delivered_seq, b.delivered_seq),
    read_seq: Math.max(a.read_seq, b.read_seq),
  }
}

const sameMarks = (a: Receipts, b: Receipts): boolean =>
  a.delivered_seq === b.delivered_seq && a.read_seq === b.read_seq

const toldBy = ({ unread, mentions }: View, through: number): Told => ({
  unread,
  mentions,
  through,
})

function without<V>(map: ReadonlyMap<number, V>, key: number): ReadonlyMap<number, V> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}

/** The fields that everyone sees, out of an answer that has the caller's own beside them. */
function sharedOf(conversation: Conversation): SharedConversation {
  const { id, kind, group_id, name, topic, category, position, last_seq, rev, created_at } =
    conversation
  return { id, kind, group_id, name, topic, category, position, last_seq, rev, created_at }
}
