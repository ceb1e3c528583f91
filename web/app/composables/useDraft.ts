/** The draft of a conversation: what its composer edits. It survives a reload. */
export function useDraft(conversationId: MaybeRefOrGetter<string>) {
  const drafts = useDrafts()
  return computed({
    get: () => drafts.get(toValue(conversationId)),
    set: (typed) => drafts.set(toValue(conversationId), typed),
  })
}
