/** What a timeline renders. */
import type { Message } from '~/api/wire'
import type { ApiError } from '~/api/error'

/** How far one's own message has come. It only ever goes up. */
export type MessageState = 'failed' | 'sending' | 'sent' | 'delivered' | 'read'

/** A message, or one that has no place in the timeline yet: then `id`, `seq` and `rev` are null. */
export type ShownMessage = Omit<Message, 'id' | 'seq' | 'rev'> & {
  id: string | null
  seq: number | null
  rev: number | null
}

export interface TimelineItem {
  /** The same before and after it is confirmed, so that its row stays. */
  key: string
  message: ShownMessage
  mine: boolean
  /** Of one's own messages; null for others'. */
  state: MessageState | null
  /** Why a failed one failed. */
  failure: ApiError | null
}

/** What is waiting to be sent. */
export interface Draft {
  body: string
  /** The message that is answered. */
  replyTo?: Message['reply_to']
  /** What was uploaded for it. */
  attachments?: Message['attachments']
}
