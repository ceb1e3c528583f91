// What one can do about a message, and whether one may: the menu, the toolbar and the keys share it.
import {
  LazyForwardDialog,
  LazyMessageDeleteDialog,
  LazyMessageReactionsDialog,
  LazyMessageSeenDialog,
} from '#components'
import type { Message } from '~/api/wire'
import { isEditable } from '~/timeline/editing'
import type { ConversationRow } from '~/types/conversation'
import type { ShownMessage, TimelineItem } from '~/types/timeline'

export function useMessageActions(row: () => ConversationRow) {
  const { t } = useI18n()
  const messages = useMessages()
  const conversations = useConversations()
  const composition = useComposition()
  const groups = useGroups()
  const session = useSession()
  const ui = useUi()
  const show = useDialogs()
  const { done, attempt } = useNotice()

  const place = ({ conversation_id, id }: Pick<Message, 'conversation_id' | 'id'>) => ({
    conversationId: conversation_id,
    messageId: id,
  })

  /** A message that the server has and that is not deleted: only such a one can be acted on. */
  function present({ message }: TimelineItem): Message | null {
    const { id, seq, rev } = message
    if (id === null || seq === null || rev === null || message.deleted_at) return null
    return { ...message, id, seq, rev }
  }

  /** Nothing is said to someone who is blocked, or gone. */
  const mayWrite = () => row().writeBar === null
  const mayEdit = (item: TimelineItem) => mayWrite() && isEditable(item.message, session.userId)
  const mayDeleteForAll = (item: TimelineItem) =>
    item.mine || groups.administers(row().groupId ?? '')

  function reply(message: Message) {
    composition.begin({ kind: 'reply', message })
  }

  function edit(message: Message) {
    composition.begin({ kind: 'edit', message })
  }

  /** Puts an emoji under it, or takes one's own away. */
  function react(message: Message, emoji: string) {
    const mine = message.reactions.find((reaction) => reaction.emoji === emoji)?.mine ?? false
    if (!mine) ui.usedEmoji(emoji)
    return attempt(() => messages.react(place(message), emoji, !mine))
  }

  async function pin(message: Message, yes: boolean) {
    if (!(await attempt(() => messages.pin(place(message), yes)))) return
    done(t(yes ? 'message.pin_done' : 'message.unpin_done'), () =>
      messages.pin(place(message), !yes),
    )
  }

  async function copy(text: string, said: string) {
    if (await attempt(() => navigator.clipboard.writeText(text))) done(said)
  }

  const copyText = ({ body }: Message) => copy(body, t('action.copied'))
  const copyLink = ({ conversation_id: id, seq }: Message) =>
    copy(`${location.origin}/chats/${id}?at=${seq}`, t('message.link_copied'))

  async function markUnread({ conversation_id: id, seq }: Message) {
    const before = row().me.unread_from_seq ?? null
    if (!(await attempt(() => conversations.markUnread(id, seq)))) return
    done(t('message.marked_unread'), () => conversations.markUnread(id, before))
  }

  const forward = (messages: Message[]) => void show(LazyForwardDialog, { messages })

  const showSeen = (message: Message) => void show(LazyMessageSeenDialog, { place: place(message) })

  const showReactions = (message: Message) =>
    void show(LazyMessageReactionsDialog, {
      place: place(message),
      reactions: message.reactions,
    })

  async function remove(item: TimelineItem, message: Message) {
    const whose = await show(LazyMessageDeleteDialog, {
      count: 1,
      forAll: mayDeleteForAll(item),
      mine: item.mine,
    })
    if (whose === 'everyone') await attempt(() => messages.removeForAll(place(message)))
    if (whose === 'me') await hide(message)
  }

  /** Out of one's own sight alone. */
  async function hide({ conversation_id, id }: ShownMessage) {
    if (id !== null) await attempt(() => messages.hide(place({ conversation_id, id })))
  }

  return {
    present,
    mayWrite,
    mayEdit,
    reply,
    edit,
    react,
    pin,
    copyText,
    copyLink,
    markUnread,
    forward,
    showSeen,
    showReactions,
    remove,
    hide,
  }
}

export type MessageActions = ReturnType<typeof useMessageActions>
