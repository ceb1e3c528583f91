/** The caller's own view of a conversation, and the watermarks of all who are in it. */
import type { Receipts, View } from '~/api/wire'
import { placeOf } from '../messages'
import type { Room, Told } from '../room'

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

export const sameMarks = (a: Receipts, b: Receipts): boolean =>
  a.delivered_seq === b.delivered_seq && a.read_seq === b.read_seq

export const toldBy = ({ unread, mentions }: View, through: number): Told => ({
  unread,
  mentions,
  through,
})
