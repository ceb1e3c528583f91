/**
 * Types of the wire that the generated ones lack: the API documents these routes and frames later.
 * Each goes away as soon as the documents have it.
 */
import type { Message, View } from './wire'

interface MessageChanged {
  conversation_id: string
  rev: number
  message: Message
}

export type PendingServerFrame =
  | ({ type: 'message.updated' } & MessageChanged)
  | ({ type: 'message.deleted' } & MessageChanged)
  | { type: 'message.hidden'; conversation_id: string; message_id: string; me: View }
