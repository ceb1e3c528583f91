// The menu of a message: for the mouse, a long press and the keys alike.
import type { DropdownMenuItem } from '@nuxt/ui'
import type { Message } from '~/api/wire'
import { voiceSeconds } from '~/files/voiceNote'
import type { MenuItems } from '~/stores/menu'
import type { TimelineItem } from '~/types/timeline'
import type { MessageActions } from './useMessageActions'

export function useMessageMenu(
  actions: MessageActions,
  at: {
    react(item: TimelineItem, emoji: string): void
    /** Opens the choice of an emoji at a message: those used last, or all. */
    choose(item: TimelineItem, whole: boolean): void
    /** Begins to choose several messages, with this one. */
    select(message: Message): void
  },
) {
  const { t } = useI18n()
  const messages = useMessages()
  const ui = useUi()
  const { save } = useFileActions()

  /** `pointed`: by mouse or finger, for which the emoji used last are at hand in a row. */
  function menuOf(item: TimelineItem, pointed: boolean): MenuItems {
    if (item.state === 'failed') return [unsent(item)]
    const message = actions.present(item)
    if (!message) return item.message.deleted_at && item.message.id ? [gone(item)] : []
    return [
      pointed && actions.mayWrite() ? quick(item) : [],
      [...answers(item, message, pointed), ...ways(message), ...facts(message, item)],
      ends(item, message),
    ].filter((group) => group.length > 0)
  }

  /** In one row. */
  function quick(item: TimelineItem): DropdownMenuItem[] {
    const square = { class: 'inline-flex! w-auto! touchable justify-center align-middle' }
    return [
      ...ui.recentEmoji.map((one) => ({
        ...square,
        label: one,
        ui: { itemLabel: 'text-lg leading-none' },
        onSelect: () => at.react(item, one),
      })),
      {
        ...square,
        icon: 'i-lucide-plus',
        'aria-label': t('message.more_emoji'),
        onSelect: () => at.choose(item, true),
      },
    ]
  }

  function unsent(item: TimelineItem): DropdownMenuItem[] {
    return [
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
    ]
  }

  /** What is left of a deleted message can be put out of one's own sight. */
  function gone({ message }: TimelineItem): DropdownMenuItem[] {
    return [
      {
        label: t('message.delete_for_me'),
        icon: 'i-lucide-eye-off',
        onSelect: () => void actions.hide(message),
      },
    ]
  }

  function answers(item: TimelineItem, message: Message, pointed: boolean): DropdownMenuItem[] {
    if (!actions.mayWrite()) return []
    const items: DropdownMenuItem[] = [
      {
        label: t('message.reply'),
        icon: 'i-lucide-reply',
        kbds: ['r'],
        onSelect: () => actions.reply(message),
      },
    ]
    if (!pointed) {
      items.push({
        label: t('message.react'),
        icon: 'i-lucide-smile-plus',
        kbds: ['e'],
        onSelect: () => at.choose(item, false),
      })
    }
    if (actions.mayEdit(item)) {
      items.push({
        label: t('message.edit'),
        icon: 'i-lucide-pencil',
        onSelect: () => actions.edit(message),
      })
    }
    return items
  }

  function ways(message: Message): DropdownMenuItem[] {
    const pinned: DropdownMenuItem = {
      label: t(message.pinned ? 'message.unpin' : 'message.pin'),
      icon: message.pinned ? 'i-lucide-pin-off' : 'i-lucide-pin',
      onSelect: () => void actions.pin(message, !message.pinned),
    }
    return [
      {
        label: t('message.forward'),
        icon: 'i-lucide-forward',
        onSelect: () => actions.forward([message]),
      },
      ...(message.body
        ? [
            {
              label: t('message.copy'),
              icon: 'i-lucide-copy',
              onSelect: () => void actions.copyText(message),
            },
          ]
        : []),
      // Every other file has a button of its own.
      ...message.attachments
        .filter((file) => voiceSeconds(file) !== null)
        .map((file) => ({
          label: t('file.save_voice'),
          icon: 'i-lucide-download',
          onSelect: () => void save(file),
        })),
      {
        label: t('message.copy_link'),
        icon: 'i-lucide-link',
        onSelect: () => void actions.copyLink(message),
      },
      ...(actions.mayWrite() ? [pinned] : []),
      {
        label: t('message.mark_unread'),
        icon: 'i-lucide-mail',
        onSelect: () => void actions.markUnread(message),
      },
      {
        label: t('message.select'),
        icon: 'i-lucide-list-checks',
        onSelect: () => at.select(message),
      },
    ]
  }

  function facts(message: Message, { mine }: TimelineItem): DropdownMenuItem[] {
    const items: DropdownMenuItem[] = []
    if (mine) {
      items.push({
        label: t('message.seen_by'),
        icon: 'i-lucide-check-check',
        onSelect: () => actions.showSeen(message),
      })
    }
    if (message.reactions.length > 0) {
      items.push({
        label: t('message.reactions'),
        icon: 'i-lucide-smile',
        onSelect: () => actions.showReactions(message),
      })
    }
    return items
  }

  function ends(item: TimelineItem, message: Message): DropdownMenuItem[] {
    return [
      {
        label: t('action.delete'),
        icon: 'i-lucide-trash-2',
        color: 'error',
        onSelect: () => void actions.remove(item, message),
      },
    ]
  }

  return menuOf
}
