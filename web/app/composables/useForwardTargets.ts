// Where something can be forwarded to: the chats one has, and whoever is found by their name.
import type { User } from '~/api/wire'
import { matches } from '~/search/match'
import type { Target } from './useForwarding'

export interface TargetChoice extends Target {
  avatar: { id: string; name: string; src: string | null; square: boolean }
  username: string | null
}

/** As long as a hand needs for the next letter. */
const PAUSE_MS = 200
/** More chats than this are found by their name. */
const SHOWN = 50

export function useForwardTargets(term: Readonly<Ref<string>>) {
  const session = useSession()
  const conversations = useConversations()
  const people = usePeople()
  const { nameOf, lineOf } = useChatName()

  const searched = refDebounced(term, PAUSE_MS)
  const found = usePages((cursor) => people.search(searched.value.trim(), cursor))
  watch(searched, (q) => q.trim() && void found.reload())

  const chats = computed(() => conversations.rows.filter((row) => row.writeBar === null))
  const known = computed(() => new Set(conversations.rows.flatMap(({ peer }) => peer?.id ?? [])))

  const choices = computed<TargetChoice[]>(() => {
    const mine = chats.value
      .map((row) => {
        const { avatar } = nameOf(row)
        const username = row.peer?.username ?? null
        return { id: row.id, name: lineOf(row), conversationId: row.id, avatar, username }
      })
      .filter(({ name, username }) => matches(term.value, [name, username ?? '']))
      .slice(0, SHOWN)
    if (!searched.value.trim()) return mine
    return [...mine, ...found.items.value.filter(isOther).map(ofPerson)]
  })

  /** Those with whom one has a chat are there by it. */
  const isOther = ({ id, deleted }: User) =>
    id !== session.userId && !deleted && !people.blockedIds.has(id) && !known.value.has(id)

  function ofPerson({ id, username, display_name: own, avatar_url: src = null }: User) {
    const name = people.name(id) || own
    const avatar = { id, name, src, square: false }
    return { id, name, conversationId: null, avatar, username }
  }

  return { choices, status: found.status, error: found.error }
}
