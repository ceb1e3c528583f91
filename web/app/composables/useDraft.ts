/** The draft of a conversation. `text` is what the composer edits; it survives a reload. */
export function useDraft(conversationId: MaybeRefOrGetter<string>) {
  const drafts = useDrafts()
  // What the composer shows while typing is not cut; the list's "Draft:" is.
  const text = ref(drafts.get(toValue(conversationId)))

  watch(
    () => toValue(conversationId),
    (id) => {
      text.value = drafts.get(id)
    },
  )
  watch(text, (typed) => drafts.set(toValue(conversationId), typed))

  function clear() {
    text.value = ''
    drafts.set(toValue(conversationId), '')
  }

  return { text, clear }
}
