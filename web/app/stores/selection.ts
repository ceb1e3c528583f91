/** Messages that are chosen to be copied, forwarded or deleted together: of one conversation at a time. */
import type { Message } from '~/api/wire'
import { remaining, toggled, withRange, type Chosen } from '~/timeline/choosing'

export const useSelection = defineStore('selection', () => {
  const rooms = useRooms()

  const conversationId = ref<string | null>(null)
  const chosen = shallowRef<Chosen>(new Map())
  /** Where it began: the focus goes there once it can be chosen. */
  const begunAt = ref<string | null>(null)
  /** Touched last: a range begins there. */
  let anchor: string | null = null

  /** In the order of the conversation. */
  const messages = computed(() => [...chosen.value.values()].sort((a, b) => a.seq - b.seq))

  const at = (conversation: string): boolean => conversationId.value === conversation
  const has = (id: string): boolean => chosen.value.has(id)

  function begin(message: Message) {
    conversationId.value = message.conversation_id
    chosen.value = toggled(new Map(), message)
    begunAt.value = anchor = message.id
  }

  /** Answers whether there was room for it. */
  function toggle(message: Message): boolean {
    const had = has(message.id)
    chosen.value = toggled(chosen.value, message)
    anchor = message.id
    return has(message.id) !== had
  }

  /** From what was touched last to this one; answers whether there was room for all. */
  function extend(order: readonly Message[], to: Message): boolean {
    chosen.value = withRange(chosen.value, order, anchor, to)
    anchor = to.id
    return has(to.id)
  }

  /** These and no others. */
  function keep(only: readonly Message[]) {
    chosen.value = new Map(only.map((message) => [message.id, message]))
  }

  function end() {
    conversationId.value = begunAt.value = anchor = null
    chosen.value = new Map()
  }

  watch(
    () => conversationId.value && rooms.rooms.get(conversationId.value),
    (room) => {
      if (room) chosen.value = remaining(chosen.value, room)
      else end()
    },
  )

  return { at, has, messages, begunAt, begin, toggle, extend, keep, end }
})
