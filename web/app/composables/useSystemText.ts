// What a system message tells, in the language of the page.
import type { ShownMessage } from '~/types/timeline'

export function useSystemText() {
  const { t } = useI18n()
  const people = usePeople()
  const named = (id: string) => people.name(id) || t('chat.deleted_user')

  return function systemText({
    system,
    sender_id,
  }: Pick<ShownMessage, 'system' | 'sender_id'>): string {
    const actor = named(sender_id)
    switch (system?.event) {
      case 'member_joined':
      case 'member_left':
        return t(`message.system.${system.event}`, { name: named(system.user_id) })
      case 'member_removed':
        return t('message.system.member_removed', { actor, name: named(system.user_id) })
      case 'group_renamed':
        return t('message.system.group_renamed', { actor, title: system.name })
      default:
        return t('message.system.unknown')
    }
  }
}
