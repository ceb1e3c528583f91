/** A conversation as the API answers it: the room that begins with it, or is brought up to it. */
import type { Conversation, SharedConversation, ViewChange } from '~/api/wire'
import type { Room } from '../room'
import { addSpan, LIVE, liveSpan } from '../spans'
import { putMessage } from './held'
import { mergeShared } from './history'
import { applyReceipts, applyView, sameMarks, toldBy } from './view'

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

/** The fields that everyone sees, out of an answer that has the caller's own beside them. */
function sharedOf(conversation: Conversation): SharedConversation {
  const { id, kind, group_id, name, topic, category, position, last_seq, rev, created_at } =
    conversation
  return { id, kind, group_id, name, topic, category, position, last_seq, rev, created_at }
}
