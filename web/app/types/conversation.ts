/** A conversation as its row in the list and its header show it. */
import type { Receipts, User, View } from '~/api/wire'
import type { MessageState, ShownMessage } from './timeline'

export type ConversationKind = 'direct' | 'channel'

/** The line under the name: what one is writing there, else the newest message. */
export type Preview =
  | { kind: 'draft'; text: string }
  | { kind: 'message'; message: ShownMessage; mine: boolean; state: MessageState | null }

/** Why one cannot write here, if so. */
export type WriteBar = 'blocked' | 'peer_deleted'

export interface ConversationRow {
  id: string
  kind: ConversationKind
  /** Of channels. */
  groupId: string | null
  /** The other one's alias or name, or the channel's. */
  title: string
  topic: string | null
  category: string | null
  position: number | null
  /** The other one, in direct chats. */
  peer: User | null
  lastSeq: number
  /** Moves with every change that lasts: a message, an edit, an emoji, a pin. */
  rev: number
  /** RFC 3339; of the newest message, or of the conversation's beginning. */
  lastActivityAt: string
  preview: Preview | null
  /** Saturates at 1000. */
  unread: number
  /** Saturates at 100. */
  mentions: number
  /** Marked by hand: a dot is shown also when `unread` is 0. */
  markedUnread: boolean
  archived: boolean
  pinned: boolean
  /** RFC 3339; in the past means not muted: `muted` says which. */
  mutedUntil: string | null
  muted: boolean
  writeBar: WriteBar | null
  me: View
  receipts: Receipts
}

/** Which rows the list shows. */
export type ConversationFilter = 'all' | 'unread' | 'direct' | 'groups' | 'archived'
