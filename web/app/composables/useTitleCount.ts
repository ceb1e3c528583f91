// The number of what waits, in the tab's title and on the installed app's icon.
export function useTitleCount() {
  const { t } = useI18n()
  const conversations = useConversations()

  const count = computed(() => conversations.unreadTotal)
  useHead({
    titleTemplate: computed(
      () => `${count.value > 0 ? `(${count.value}) ` : ''}%s · ${t('app.name')}`,
    ),
  })

  watch(count, (now) => {
    // Only where the app is installed; elsewhere it rejects or is missing.
    if ('setAppBadge' in navigator) navigator.setAppBadge(now).catch(() => undefined)
  })
}
