// What can be done with a conversation as a whole: the same menu in the list and in its header.
import type { DropdownMenuItem } from '@nuxt/ui'
import { FOREVER } from '~/attention/forever'
import type { MenuItems } from '~/stores/menu'
import type { ConversationRow } from '~/types/conversation'

const HOUR_MS = 3_600_000
const MUTES = [
  { key: 'hour', ms: HOUR_MS },
  { key: 'eight_hours', ms: 8 * HOUR_MS },
  { key: 'week', ms: 7 * 24 * HOUR_MS },
] as const

export function useChatActions() {
  const { t } = useI18n()
  const conversations = useConversations()
  const groups = useGroups()
  const confirm = useConfirm()
  const { done, attempt, failed } = useNotice()
  const { lineOf } = useChatName()
  const { moment } = useDates()
  const route = useRoute()

  async function archive(row: ConversationRow, yes: boolean) {
    if (!(await attempt(() => conversations.archive(row.id, yes)))) return
    done(t(yes ? 'chat.archived' : 'chat.unarchived'), () => conversations.archive(row.id, !yes))
  }

  const pin = (row: ConversationRow, yes: boolean) => attempt(() => conversations.pin(row.id, yes))

  async function mute(row: ConversationRow, until: string | null) {
    const before = row.muted ? row.mutedUntil : null
    if (!(await attempt(() => conversations.mute(row.id, until)))) return
    const said =
      until === FOREVER
        ? t('chat.muted')
        : until
          ? t('chat.muted_until', { when: moment(until) })
          : t('chat.unmuted')
    done(said, () => conversations.mute(row.id, before))
  }

  async function clear(row: ConversationRow) {
    const asked = {
      title: t('chat.clear_ask.title'),
      text: t('chat.clear_ask.text'),
      action: t('chat.clear'),
    }
    if (await confirm(asked)) await attempt(() => conversations.clear(row.id))
  }

  async function remove(row: ConversationRow) {
    const asked = {
      title: t('chat.delete_ask.title'),
      text: t('chat.delete_ask.text'),
      action: t('chat.delete'),
    }
    if (!(await confirm(asked))) return
    if ((await attempt(() => conversations.remove(row.id))) && route.params.id === row.id)
      await navigateTo('/chats')
  }

  async function leave(groupId: string) {
    const name = groups.get(groupId)?.name ?? ''
    if (groups.role(groupId) === 'owner') return done(t('groups.owner_leaves'))
    const asked = {
      title: t('chat.leave_ask.title', { name }),
      text: t('chat.leave_ask.text'),
      action: t('chat.leave'),
    }
    if (!(await confirm(asked))) return
    try {
      await groups.leave(groupId)
      done(t('groups.left', { name }))
      await navigateTo('/chats')
    } catch (thrown) {
      failed(thrown)
    }
  }

  function muteMenu(row: ConversationRow): DropdownMenuItem {
    if (row.muted) {
      return {
        label: t('chat.unmute'),
        icon: 'i-lucide-bell',
        onSelect: () => void mute(row, null),
      }
    }
    const until = (ms: number) => new Date(Date.now() + ms).toISOString()
    return {
      label: t('chat.mute'),
      icon: 'i-lucide-bell-off',
      children: [
        ...MUTES.map(({ key, ms }) => ({
          label: t(`chat.mute_for.${key}`),
          onSelect: () => void mute(row, until(ms)),
        })),
        { label: t('chat.mute_for.forever'), onSelect: () => void mute(row, FOREVER) },
      ],
    }
  }

  /** What it does at a single press: silent until somebody changes it, or heard again. */
  function muting(row: ConversationRow) {
    return {
      label: row.muted
        ? t('details.muted_until', {
            when:
              row.mutedUntil === FOREVER
                ? t('chat.mute_for.forever')
                : moment(row.mutedUntil ?? ''),
          })
        : t('details.notifications_on'),
      icon: row.muted ? 'i-lucide-bell-off' : 'i-lucide-bell',
      act: () => mute(row, row.muted ? null : FOREVER),
    }
  }

  /** The menu of a conversation, in groups between which a line is drawn. */
  function menuOf(row: ConversationRow): MenuItems {
    const unread = row.unread > 0 || row.markedUnread
    return [
      [
        {
          label: t(row.pinned ? 'chat.unpin' : 'chat.pin'),
          icon: row.pinned ? 'i-lucide-pin-off' : 'i-lucide-pin',
          onSelect: () => void pin(row, !row.pinned),
        },
        muteMenu(row),
        {
          label: t(unread ? 'chat.mark_read' : 'chat.mark_unread'),
          icon: unread ? 'i-lucide-mail-open' : 'i-lucide-mail',
          disabled: !unread && row.lastSeq === 0,
          onSelect: () =>
            void attempt(() =>
              unread
                ? conversations.markRead(row.id)
                : conversations.markUnread(row.id, row.lastSeq),
            ),
        },
        {
          label: t(row.archived ? 'chat.unarchive' : 'chat.archive'),
          icon: row.archived ? 'i-lucide-archive-restore' : 'i-lucide-archive',
          onSelect: () => void archive(row, !row.archived),
        },
      ],
      [
        { label: t('chat.clear'), icon: 'i-lucide-eraser', onSelect: () => void clear(row) },
        row.groupId
          ? {
              label: t('chat.leave'),
              icon: 'i-lucide-log-out',
              color: 'error' as const,
              onSelect: () => void leave(row.groupId ?? ''),
            }
          : {
              label: t('chat.delete'),
              icon: 'i-lucide-trash-2',
              color: 'error' as const,
              onSelect: () => void remove(row),
            },
      ],
    ]
  }

  return {
    menuOf,
    muting,
    archive,
    pin,
    mute,
    leave,
    label: (row: ConversationRow) => t('chat.actions', { name: lineOf(row) }),
  }
}
