/** Who is writing where. Nobody says when they are done, so it ends by itself. */
import type { FrameOf } from '~/realtime/frames'

/** The contract's: 6 s after the last sign. */
const ENDS_AFTER_MS = 6000

export const useTyping = defineStore('typing', () => {
  const session = useSession()
  /** When each ends, by conversation and user. */
  const writing = shallowReactive(new Map<string, ReadonlyMap<string, number>>())
  const timers = new Map<string, ReturnType<typeof setTimeout>>()

  const who = (conversationId: string): string[] => [...(writing.get(conversationId)?.keys() ?? [])]

  function heard({ conversation_id, user_id, typing }: FrameOf<'typing'>) {
    if (user_id === session.userId) return
    end(conversation_id, user_id)
    if (!typing) return
    const now = new Map(writing.get(conversation_id))
    writing.set(conversation_id, now.set(user_id, Date.now() + ENDS_AFTER_MS))
    const timer = setTimeout(() => end(conversation_id, user_id), ENDS_AFTER_MS)
    timers.set(`${conversation_id}:${user_id}`, timer)
  }

  /** They have sent what they wrote, or stopped. */
  function end(conversationId: string, userId: string) {
    clearTimeout(timers.get(`${conversationId}:${userId}`))
    timers.delete(`${conversationId}:${userId}`)
    const left = new Map(writing.get(conversationId))
    if (left.delete(userId)) writing.set(conversationId, left)
  }

  function clear() {
    timers.forEach(clearTimeout)
    timers.clear()
    writing.clear()
  }

  return { who, heard, end, clear }
})
