/**
 * What the composer of a conversation holds, and what becomes of it: a new message, an answer, or
 * another text for a message that is there. The draft waits while one edits.
 */
import { answerTo } from '~/stores/composition'
import { FILES_MAX } from '~/stores/uploads'
import { isEditable } from '~/timeline/editing'
import type { ConversationRow } from '~/types/conversation'

export function useComposer(row: () => ConversationRow) {
  const messages = useMessages()
  const session = useSession()
  const composition = useComposition()
  const uploads = useUploads()
  const drafts = useDrafts()
  const commands = useCommands(row)
  const { attempt, done } = useNotice()
  const { t } = useI18n()

  const draft = useDraft(() => row().id)
  const edited = ref('')
  const saving = ref(false)

  const intent = computed(() => composition.get(row().id))
  const editing = computed(() => intent.value?.kind === 'edit')
  const text = computed({
    get: () => (editing.value ? edited.value : draft.value),
    set: (typed) => {
      if (editing.value) edited.value = typed
      else draft.value = typed
    },
  })

  watch(
    intent,
    (now) => {
      if (now?.kind === 'edit') edited.value = now.message.body
    },
    { immediate: true },
  )

  /** What is on its way, and of this the files of the next message, which waits for no other. */
  const tray = computed(() => (editing.value ? [] : uploads.of(row().id)))
  const files = computed(() => (editing.value ? [] : uploads.ofNext(row().id)))
  const ready = computed(() => files.value.every(({ attachment }) => attachment !== null))
  /** Whether there is something to send without a text; an edit leaves the files of its message. */
  const filled = computed(() =>
    editing.value ? Boolean(intent.value?.message.attachments.length) : files.value.length > 0,
  )

  function attach(files: Iterable<File>) {
    if (editing.value) end()
    const left = uploads.add(row().id, files)
    if (left > 0) done(t('composer.too_many_files', { n: left, most: FILES_MAX }, left))
  }

  const end = () => composition.end(row().id)

  async function submit() {
    if (editing.value) return await save()
    const { id } = row()
    const written = text.value.trim()
    draft.value = ''
    if (written.startsWith('/')) await command(id, written)
    else send(id, written)
  }

  /** What stays is there again, unless something else is by then. */
  async function command(id: string, written: string) {
    const outcome = await commands.run(written)
    if (outcome.type === 'send') send(id, outcome.text)
    else if (outcome.type === 'kept') drafts.set(id, drafts.get(id) || written)
  }

  function send(id: string, body: string) {
    const answered = composition.get(id)?.message
    messages.send(id, {
      body,
      attachments: uploads.take(id),
      replyTo: answered && answerTo(answered),
    })
    composition.end(id)
  }

  /** What the server refuses stays in the field. */
  async function save() {
    const body = text.value.trim()
    const changed = intent.value?.message
    if (!changed || body === changed.body) return end()
    const place = { conversationId: row().id, messageId: changed.id }
    saving.value = true
    const saved = await attempt(() => messages.edit(place, body))
    saving.value = false
    if (saved && intent.value?.message === changed) end()
  }

  /** One's last message, if it can be edited still; answers whether there was one. */
  function editLast(): boolean {
    const last = messages.lastOwn(row().id)
    if (!last || !isEditable(last, session.userId)) return false
    composition.begin({ kind: 'edit', message: last })
    return true
  }

  return {
    commands,
    text,
    intent,
    editing,
    saving,
    tray,
    ready,
    filled,
    attach,
    detach: (key: string) => uploads.remove(row().id, key),
    retry: uploads.retry,
    submit,
    end,
    editLast,
  }
}
