/** What the composer of a conversation is about to do beside sending a text: answer, or edit. */
import type { Message } from '~/api/wire'

export interface Intent {
  kind: 'reply' | 'edit'
  message: Message
}

/** The message that another answers, as it is told with it. */
export const answerTo = (message: Message): Message['reply_to'] => ({
  message_id: message.id,
  seq: message.seq,
  sender_id: message.sender_id,
  excerpt: message.body,
})

export const useComposition = defineStore('composition', () => {
  const intents = shallowReactive(new Map<string, Intent>())

  const get = (conversationId: string): Intent | null => intents.get(conversationId) ?? null

  function begin(intent: Intent) {
    intents.set(intent.message.conversation_id, intent)
  }

  const end = (conversationId: string) => intents.delete(conversationId)

  return { get, begin, end, clear: () => intents.clear() }
})
