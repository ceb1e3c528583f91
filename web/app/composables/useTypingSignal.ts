/** Tells the others in a conversation that one is writing. */

/** The server drops what comes earlier. */
const EVERY_MS = 3000

export function useTypingSignal(conversationId: MaybeRefOrGetter<string>) {
  const connection = useConnection()
  let said: { id: string; at: number } | null = null

  /** With each change of what is being written. */
  function typed() {
    const id = toValue(conversationId)
    if (said?.id === id && Date.now() - said.at < EVERY_MS) return
    said = { id, at: Date.now() }
    connection.say({ type: 'typing', conversation_id: id, typing: true })
  }

  /** It is sent, emptied, or left. */
  function stopped() {
    if (!said) return
    connection.say({ type: 'typing', conversation_id: said.id, typing: false })
    said = null
  }

  watch(() => toValue(conversationId), stopped)
  onScopeDispose(stopped)
  return { typed, stopped }
}
