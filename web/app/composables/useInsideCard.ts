// What a link that leads into this Warren is shown as beneath its message.
import type { RouteLocationRaw } from 'vue-router'
import { summaryOf } from '~/files/summary'
import type { InsideLink } from '~/inside/links'
import { plainText } from '~/richtext/plain'

export interface InsideCard {
  /** Where it leads; null where there is nothing. */
  to: RouteLocationRaw | null
  /** Of a place that one is at already: "back" does not lead to it a second time. */
  here?: boolean
  avatar?: { id: string; name: string; src?: string | null; square?: boolean }
  /** Where there is no picture. */
  icon?: string
  title: string
  text?: string
  action?: string
}

/** Undefined until it is known. */
export function useInsideCard(link: () => InsideLink): Readonly<Ref<InsideCard | undefined>> {
  const { t } = useI18n()
  const route = useRoute()
  const inside = useInside()
  const groups = useGroups()
  const people = usePeople()
  const session = useSession()
  const conversations = useConversations()
  const messages = useMessages()
  const senderName = useSenderName()
  const { lineOf } = useChatName()

  function invitation(code: string): InsideCard | undefined {
    const found = inside.invite(code)
    if (!found) return
    const to = `/invite/${code}`
    if (found.error?.passing) return { to, icon: 'i-lucide-ticket', title: t('invite.title') }
    if (found.error) {
      const why = found.error.code === 'invite_gone' ? 'gone' : 'none'
      return { to: null, icon: 'i-lucide-ticket-x', title: t(`invite.${why}.title`) }
    }
    const { group_id: id, name, icon_url: src, member_count: members } = found.value
    const member = groups.role(id) !== null
    return {
      to: member ? `/groups/${id}` : to,
      avatar: { id, name, src, square: true },
      title: name,
      text: t('chat.members', members),
      action: t(member ? 'inside.open' : 'inside.join'),
    }
  }

  function message(conversationId: string, seq: number): InsideCard | undefined {
    const row = conversations.get(conversationId)
    const nothing = { to: null, icon: 'i-lucide-eye-off' }
    if (!row && conversations.status !== 'ready') return
    // What the reader is not in is not asked for.
    if (!row) return { ...nothing, title: t('inside.unseen') }

    const here = [route.params.id, route.params.channel].includes(conversationId)
    const path = row.groupId ? `/groups/${row.groupId}/${row.id}` : `/chats/${row.id}`
    const at = String(seq)
    const to = here ? { query: { ...route.query, at } } : { path, query: { at } }
    const held = messages.held(conversationId, seq)
    const found = held ? { value: held } : inside.message(conversationId, seq)
    if (!found) return
    if (found.error?.passing)
      return { to, here, icon: 'i-lucide-message-circle', title: lineOf(row) }
    if (!found.value) return { ...nothing, title: t('message.gone') }

    const { sender_id: id, body, attachments, deleted_at: deleted } = found.value
    if (deleted) return { ...nothing, title: t('message.deleted') }
    const own = id === session.userId
    const name = own ? (session.me?.display_name ?? '') : people.name(id)
    const src = own ? session.me?.avatar_url : people.user(id)?.avatar_url
    return {
      to,
      here,
      avatar: { id, name, src },
      title: here ? senderName(id) : `${senderName(id)} · ${lineOf(row)}`,
      text: plainText(body) || summaryOf(attachments, t),
    }
  }

  return computed(() => {
    const to = link()
    return to.kind === 'invite' ? invitation(to.code) : message(to.conversationId, to.seq)
  })
}
