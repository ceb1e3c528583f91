/**
 * One conversation as this client holds it: pure, no I/O. Every function of `room/` gives a new room,
 * or the same one when nothing changed.
 *
 * The rule (docs/web-client.md): what is at or below `rev` is dropped, `rev + 1` is applied, what is
 * above waits until the hole is filled; of a message the higher `rev` wins; watermarks only rise.
 */
import type { Known, Message, Receipts, SharedConversation, User, View } from '~/api/wire'
import type { Spans } from './spans'

/** A change that carries a revision. */
export type RoomEvent =
  { type: 'created' | 'changed'; message: Message } | { type: 'shared'; shared: SharedConversation }

/** Counts as the server told them, and what it counted over. */
export interface Told {
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

export const hasHole = (room: Room): boolean => room.waiting.size > 0

/** What this client says of it in `sync`. */
export function knownOf(room: Room): Known {
  return { rev: room.rev, me_version: room.meVersion, view: room.tag }
}
