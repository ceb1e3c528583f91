// Which of one's own messages can still be given another text.
import type { Message } from '~/api/wire'

/** The server's usual window. It has the last word, by its own clock and configuration. */
const EDIT_MS = 15 * 60_000

type Judged = Pick<Message, 'kind' | 'sender_id' | 'created_at' | 'deleted_at'>

export function isEditable(message: Judged, own: string | null, now = Date.now()): boolean {
  return (
    message.kind === 'text' &&
    message.sender_id === own &&
    !message.deleted_at &&
    now - Date.parse(message.created_at) < EDIT_MS
  )
}
