/** The conversation that the address names; null where it names none. */
export function useShownConversation() {
  const route = useRoute()
  return computed(() => {
    const { id, channel } = route.params
    return id || channel ? String(channel ?? id) : null
  })
}
