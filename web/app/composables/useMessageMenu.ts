// What can be done with a message.
import type { ContextMenuItem } from '@nuxt/ui'
import type { ConversationRow } from '~/types/conversation'
import type { TimelineItem } from '~/types/timeline'

export function useMessageMenu(_row: () => ConversationRow) {
  const { t } = useI18n()
  const messages = useMessages()
  const { done, attempt } = useNotice()

  async function copy(text: string) {
    if (await attempt(() => navigator.clipboard.writeText(text))) done(t('action.copied'))
  }

  function menuOf(item: TimelineItem): ContextMenuItem[][] {
    const { message, state } = item
    if (message.deleted_at) return []
    if (state === 'failed') {
      return [
        [
          {
            label: t('action.retry'),
            icon: 'i-lucide-rotate-ccw',
            onSelect: () => void messages.retry(item),
          },
          {
            label: t('action.delete'),
            icon: 'i-lucide-trash-2',
            color: 'error',
            onSelect: () => void messages.discard(item),
          },
        ],
      ]
    }
    return [
      [
        {
          label: t('message.copy'),
          icon: 'i-lucide-copy',
          onSelect: () => void copy(message.body),
        },
      ],
    ]
  }

  return { menuOf }
}
