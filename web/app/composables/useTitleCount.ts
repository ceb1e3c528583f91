// What waits: its number in the tab's title and on the installed app's icon, a dot on the tab's own.
export function useTitleCount() {
  const { t } = useI18n()
  const conversations = useConversations()

  const count = computed(() => conversations.unreadTotal)
  useTitleFrame(
    (title) => `${count.value > 0 ? `(${count.value}) ` : ''}${title} · ${t('app.name')}`,
  )

  watch(count, (now) => {
    const icon = document.querySelector('link[rel="icon"]')
    icon?.setAttribute('href', now > 0 ? '/icon-unread.svg' : '/icon.svg')
    // Only where the app is installed; elsewhere it rejects or is missing.
    if ('setAppBadge' in navigator) navigator.setAppBadge(now).catch(() => undefined)
  })
}
