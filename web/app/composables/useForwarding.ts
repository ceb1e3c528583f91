/**
 * Sends messages once more, elsewhere. A file belongs to one message: so its bytes are fetched, and
 * uploaded anew for each chat. Nothing is sent before all of it is there; then it is the outbox's.
 */
import { download } from '~/api/download'
import { ApiError } from '~/api/error'
import type { Attachment, Message } from '~/api/wire'
import { forwardedBodies } from '~/forwarding/bodies'
import { together } from '~/forwarding/copies'
import type { Upload } from '~/stores/uploads'

/** Where it goes: to a conversation, or to somebody with whom one may be begun. */
export interface Target {
  /** Of the conversation, or of the person. */
  id: string
  name: string
  conversationId: string | null
}

/** `choosing` until it is asked to send; then `fetching` files, and `uploading` them. */
type Phase = 'choosing' | 'fetching' | 'uploading' | 'sent'

/** A file in each of the trays from which it will be sent. */
type Copies = { tray: string; key: string }[]

export function useForwarding(
  messages: readonly Message[],
  /** How many of them are on their way. */
  sent: (count: number) => void,
) {
  const { t } = useI18n()
  const { errorText } = useErrorText()
  const conversations = useConversations()
  const outbox = useMessages()
  const session = useSession()
  const uploads = useUploads()
  const addresses = useFiles()

  const phase = ref<Phase>('choosing')
  /** Why it was not begun. */
  const problem = ref('')
  const abort = new AbortController()

  let to: string[] = []
  /** Those that are there still. */
  let going: readonly Message[] = messages
  const files = computed(() => messages.flatMap(({ attachments }) => attachments).length)
  const copies = shallowRef<Copies[]>([])
  const heldOf = ({ tray, key }: Copies[number]) =>
    uploads.of(tray).filter((entry) => entry.key === key)
  const tray = computed(() => copies.value.flatMap((held) => together(held.flatMap(heldOf)) ?? []))

  const trayOf = (conversationId: string, message: Message) =>
    `forward:${conversationId}:${message.id}`

  async function start(targets: readonly Target[]) {
    problem.value = ''
    going = messages.filter(({ conversation_id: id, seq }) => !outbox.held(id, seq)?.deleted_at)
    if (going.length === 0) {
      problem.value = t('message.gone')
      return
    }
    phase.value = 'fetching'
    try {
      to = await Promise.all(
        targets.map(async ({ id, conversationId }) => {
          return conversationId ?? (await conversations.openDirect(id))
        }),
      )
      const bytes = new Map<string, File>()
      for (const file of going.flatMap(({ attachments }) => attachments)) {
        bytes.set(file.id, await fetched(file))
      }
      if (!abort.signal.aborted) fill(bytes)
    } catch (thrown) {
      problem.value ||= errorText(thrown)
      phase.value = 'choosing'
    }
  }

  async function fetched(file: Attachment): Promise<File> {
    try {
      const address = await addresses.fresh(file.id)
      if (!address) throw new ApiError('not_found', 404)
      const blob = await download(address.url, abort.signal)
      return new File([blob], file.name, { type: file.content_type })
    } catch (thrown) {
      problem.value = t('forward.not_fetched', { name: file.name, why: errorText(thrown) })
      throw thrown
    }
  }

  function fill(bytes: ReadonlyMap<string, File>) {
    for (const message of going) {
      const own = message.attachments.flatMap(({ id }) => bytes.get(id) ?? [])
      to.forEach((id) => uploads.add(trayOf(id, message), own))
      copies.value = [
        ...copies.value,
        ...own.map((_, at) =>
          to.flatMap((id) => {
            const tray = trayOf(id, message)
            return uploads
              .of(tray)
              .slice(at, at + 1)
              .map(({ key }) => ({ tray, key }))
          }),
        ),
      ]
    }
    phase.value = 'uploading'
  }

  function retry({ key }: Upload) {
    copiesOf(key).flatMap(heldOf).forEach(uploads.retry)
  }

  /** Leaves a file out, everywhere. */
  function remove({ key }: Pick<Upload, 'key'>) {
    copiesOf(key).forEach((copy) => uploads.remove(copy.tray, copy.key))
  }

  /** One tile stands for all of them, by the key of the first. */
  const copiesOf = (key: string): Copies =>
    copies.value.find((held) => held.flatMap(heldOf)[0]?.key === key) ?? []

  watch(
    () => phase.value === 'uploading' && tray.value.every(({ attachment }) => attachment !== null),
    (ready) => {
      if (!ready) return
      phase.value = 'sent'
      const gone = to.map((id) => going.filter((message) => send(id, message)).length)
      sent(Math.max(...gone))
    },
  )

  /** Answers whether there was something of it to send. */
  function send(conversationId: string, message: Message): boolean {
    const attachments = uploads.take(trayOf(conversationId, message))
    // All of its files were left out.
    if (!message.body && attachments.length === 0) return false
    const mark = message.sender_id === session.userId ? null : t('forward.mark')
    const [first = '', ...rest] = forwardedBodies(message.body, mark)
    outbox.send(conversationId, { body: first, attachments })
    rest.forEach((body) => outbox.send(conversationId, { body }))
    return true
  }

  /** Whoever leaves before it is sent sends nothing. */
  onScopeDispose(() => {
    abort.abort()
    copies.value.flat().forEach((copy) => uploads.remove(copy.tray, copy.key))
  })

  return { phase: readonly(phase), problem, tray, files, start, retry, remove }
}
