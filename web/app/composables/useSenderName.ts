/** Who wrote something, as the reader calls them. */
export function useSenderName() {
  const { t } = useI18n()
  const people = usePeople()
  const session = useSession()

  return (id: string) =>
    id === session.userId ? t('message.you') : people.name(id) || t('chat.deleted_user')
}
