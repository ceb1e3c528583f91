/** A conversation's revisions: events in any order, the holes between them, and what fills those. */
import type { Changes, Message, SharedConversation } from '~/api/wire'
import { placeOf } from '../messages'
import type { Room, RoomEvent } from '../room'
import { spanAt } from '../spans'
import { putMessage } from './held'

/** Events that wait above a hole, at most; what is beyond comes back with the changes. */
export const WAITING_MAX = 200

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
  return putChange(applyEvent(room, message.rev, { type: 'created', message }), message)
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
  const put = changes.items.reduce(putChange, { ...room, shared })
  return { room: rise(put, reached), next: changes.complete ? null : reached }
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
    return putChange(room, event.message)
  }
  return { ...room, tag: null, doubts: [...new Set([...room.doubts, seq])] }
}

/**
 * A message as it is now. Was it counted in what the server told, then that count is one of before:
 * the tag would keep it for good if another message has made up for this one.
 */
function putChange(room: Room, message: Message): Room {
  const put = putMessage(room, message)
  return message.seq <= room.told.through ? { ...put, tag: null } : put
}

function rise(room: Room, rev: number): Room {
  const reached = Math.max(room.rev, rev)
  const waiting = new Map([...room.waiting].filter(([above]) => above > reached))
  // What waited below is told by the changes as well, unless it is out of the caller's sight.
  const passed = [...room.waiting].filter(([above]) => above <= reached).map(([, event]) => event)
  return drain(passed.reduce(apply, { ...room, rev: reached, waiting }))
}

export function mergeShared(old: SharedConversation, next: SharedConversation): SharedConversation {
  const last_seq = Math.max(old.last_seq, next.last_seq)
  return { ...(next.rev >= old.rev ? next : old), last_seq }
}

function without<V>(map: ReadonlyMap<number, V>, key: number): ReadonlyMap<number, V> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}
