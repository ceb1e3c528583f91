/**
 * Types of the wire that the generated ones lack: the API documents these routes and frames later.
 * Each goes away as soon as the documents have it.
 */
import type { Message, Page, View } from './wire'

interface MessageChanged {
  conversation_id: string
  rev: number
  message: Message
}

export type PendingServerFrame =
  | ({ type: 'message.updated' } & MessageChanged)
  | ({ type: 'message.deleted' } & MessageChanged)
  | { type: 'message.hidden'; conversation_id: string; message_id: string; me: View }

/** How far one member has got with one message. */
export interface SeenBy {
  user_id: string
  delivered: boolean
  read: boolean
}

export interface SearchHit {
  message: Message
  excerpt: string
}

interface Answer<T> {
  headers: Record<string, unknown>
  content: { 'application/json': T }
}
interface Nothing {
  headers: Record<string, unknown>
  content?: never
}
interface Route<Path, Query, Answers> {
  parameters: { path: Path; query?: Query; header?: never; cookie?: never }
  requestBody?: never
  responses: Answers
}
type WithBody<Body, R> = Omit<R, 'requestBody'> & {
  requestBody: { content: { 'application/json': Body } }
}
type Unpaged = { limit?: number; cursor?: string }
type OfMessage = { id: string; message_id: string }
type OfReaction = OfMessage & { emoji: string }

export interface PendingPaths {
  '/v1/conversations/{id}/messages/{message_id}': {
    patch: WithBody<{ body: string }, Route<OfMessage, never, { 200: Answer<Message> }>>
    delete: Route<OfMessage, { for: 'me' | 'everyone' }, { 204: Nothing }>
  }
  '/v1/conversations/{id}/messages/{message_id}/reactions/{emoji}': {
    put: Route<OfReaction, never, { 204: Nothing }>
    delete: Route<OfReaction, never, { 204: Nothing }>
  }
  '/v1/conversations/{id}/messages/{message_id}/pin': {
    put: Route<OfMessage, never, { 204: Nothing }>
    delete: Route<OfMessage, never, { 204: Nothing }>
  }
  '/v1/conversations/{id}/messages/{message_id}/receipts': {
    get: Route<OfMessage, Unpaged, { 200: Answer<Page<SeenBy>> }>
  }
  '/v1/conversations/{id}/pins': {
    get: Route<{ id: string }, Unpaged, { 200: Answer<Page<Message>> }>
  }
  '/v1/search': {
    get: Route<
      Record<never, never>,
      Unpaged & {
        q: string
        conversation_id?: string
        from?: string
        before?: string
        after?: string
        has?: 'file'
      },
      { 200: Answer<Page<SearchHit>> }
    >
  }
}
