// What one does with the messages that are chosen.
import { LazyForwardDialog, LazyMessageDeleteDialog } from '#components'
import { asApiError } from '~/api/error'
import type { Message } from '~/api/wire'
import { copiedText } from '~/choosing/copied'
import { inTurns } from '~/choosing/inTurns'
import type { ConversationRow } from '~/types/conversation'

export function useChosen(
  row: () => ConversationRow,
  /** The focus has no place left: what it was on is gone. */
  left: () => void,
) {
  const { t, localeProperties } = useI18n()
  const selection = useSelection()
  const messages = useMessages()
  const groups = useGroups()
  const people = usePeople()
  const session = useSession()
  const show = useDialogs()
  const { done, failed, attempt } = useNotice()

  const count = computed(() => selection.messages.length)
  const mine = computed(() =>
    selection.messages.every(({ sender_id: id }) => id === session.userId),
  )
  const forAll = computed(() => mine.value || groups.administers(row().groupId ?? ''))
  const removing = ref(false)

  function author({ sender_id: id }: Message): string {
    const name = id === session.userId ? session.me?.display_name : people.name(id)
    return name || t('chat.deleted_user')
  }

  async function copy() {
    const format = new Intl.DateTimeFormat(localeProperties.value.language, {
      dateStyle: 'short',
      timeStyle: 'short',
    })
    const time = ({ created_at: at }: Message) => format.format(new Date(at))
    const text = copiedText(selection.messages, { author, time, t })
    if (await attempt(() => navigator.clipboard.writeText(text))) done(t('action.copied'))
  }

  /** A dialog gives the focus back to what opened it, unless that is gone by then. */
  function onCloseAutoFocus(event: Event) {
    if (selection.at(row().id)) return
    event.preventDefault()
    left()
  }

  function end() {
    selection.end()
    left()
  }

  async function forward() {
    const sent = await show(LazyForwardDialog, { messages: selection.messages, onCloseAutoFocus })
    if (sent) end()
  }

  async function remove() {
    const chosen = selection.messages
    const whose = await show(LazyMessageDeleteDialog, {
      count: chosen.length,
      forAll: forAll.value,
      mine: mine.value,
      onCloseAutoFocus,
    })
    if (!whose) return
    removing.value = true
    const act = whose === 'everyone' ? messages.removeForAll : messages.hide
    const undone = await inTurns(
      chosen,
      ({ conversation_id: conversationId, id: messageId }) => act({ conversationId, messageId }),
      (error) => asApiError(error).passing,
    )
    removing.value = false
    if (undone) failed(undone.error)
    if (!selection.at(row().id)) return
    // What is left stays chosen, to be tried again.
    if (undone) selection.keep(undone.things)
    else end()
  }

  return { count, removing, copy, forward, remove }
}
