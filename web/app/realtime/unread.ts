/** What of a conversation is unread, counted the way the server counts. */
import { placeOf } from './messages'
import type { Room } from './room'
import { covers, LIVE } from './spans'

/** As the API saturates. */
const UNREAD_MAX = 1000
const MENTIONS_MAX = 100

export interface Unread {
  readonly unread: number
  readonly mentions: number
}

/** The first `seq` that counts as unread: after what was read, or from where it was marked. */
export function firstUnreadSeq({ me }: Room): number {
  const marked = me.unread_from_seq ?? null
  if (marked !== null) return Math.max(marked, me.cleared_seq + 1)
  return Math.max(me.read_seq, me.cleared_seq) + 1
}

/**
 * Counted from the messages where all of them are held. Where they are not: what the server told,
 * as far as that is still unread, and the messages since.
 */
export function countUnread(room: Room): Unread {
  const first = firstUnreadSeq(room)
  const { told } = room
  const held = covers(room.spans, first, LIVE)
  const left = held ? 0 : Math.max(0, told.through - first + 1)
  let unread = Math.min(told.unread, left)
  let mentions = Math.min(told.mentions, left)
  const from = held ? first : Math.max(first, told.through + 1)
  for (let at = placeOf(room.messages, from); at < room.messages.length; at += 1) {
    const message = room.messages[at]
    if (!message || message.sender_id === room.own || message.kind === 'system') continue
    if (message.deleted_at || room.hidden.has(message.id)) continue
    unread += 1
    if (message.mentions.includes(room.own)) mentions += 1
  }
  return { unread: Math.min(unread, UNREAD_MAX), mentions: Math.min(mentions, MENTIONS_MAX) }
}
