/** Which messages of a conversation are held: put in, hidden, brought by pages, trimmed. */
import type { Message, MessagePage } from '~/api/wire'
import { inserted, placeOf } from '../messages'
import type { Room } from '../room'
import { addSpan, FIRST_SEQ, intersect, LIVE, liveSpan, spanAt, type Spans } from '../spans'
import { applyReceipt } from './view'

/** Newest messages that are kept whatever is trimmed: the list shows the last of them. */
const TAIL_KEPT = 50

/** Which page of the timeline was asked for: seqs, exclusive (`around` inclusive). */
export interface PageQuery {
  before?: number
  after?: number
  around?: number
}

export function putMessage(room: Room, message: Message): Room {
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

/** A message was deleted for the caller alone. */
export function hideMessage(room: Room, messageId: string): Room {
  return { ...room, hidden: new Set(room.hidden).add(messageId), tag: null }
}

/** It turned out that the message is not deleted for the caller. */
export function showMessage(room: Room, messageId: string): Room {
  const hidden = new Set(room.hidden)
  hidden.delete(messageId)
  return { ...room, hidden, tag: null }
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
