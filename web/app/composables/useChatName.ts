// How a conversation is called: a person by the name one gave them, a channel by its group too.
import type { ConversationRow } from '~/types/conversation'

export interface ChatName {
  /** Whose picture stands beside it. */
  avatar: { id: string; name: string; src: string | null; square: boolean }
  /** The group, or the person. */
  main: string
  /** The channel, where the group has more than one. */
  channel: string | null
}

export function useChatName() {
  const { t } = useI18n()
  const groups = useGroups()

  function nameOf(row: ConversationRow): ChatName {
    if (row.kind === 'direct') {
      const main = row.peer?.deleted ? t('chat.deleted_user') : row.title
      const src = row.peer?.avatar_url ?? null
      return {
        avatar: { id: row.peer?.id ?? row.id, name: main, src, square: false },
        main,
        channel: null,
      }
    }
    const group = row.groupId ? groups.get(row.groupId) : undefined
    const main = group?.name ?? row.title
    return {
      avatar: { id: group?.id ?? row.id, name: main, src: group?.icon_url ?? null, square: true },
      main,
      channel: group && group.channels.length > 1 ? row.title : null,
    }
  }

  /** In one line, for titles and labels. */
  function lineOf(row: ConversationRow): string {
    const { main, channel } = nameOf(row)
    return channel ? `${main} #${channel}` : main
  }

  return { nameOf, lineOf }
}
