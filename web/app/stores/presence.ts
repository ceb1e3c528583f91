/** Who is online, of those that are on the screen. */
import type { Presence } from '~/api/wire'

export interface PresenceOf {
  online: boolean
  /** RFC 3339. */
  lastSeenAt: string | null
}

/** A scroll changes who is on the screen many times; they are told together. */
const SUBSCRIBE_AFTER_MS = 150

export const usePresence = defineStore('presence', () => {
  const connection = useConnection()
  const known = shallowReactive(new Map<string, PresenceOf>())
  const watched = new Map<string, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const of = (userId: string): PresenceOf =>
    known.get(userId) ?? { online: false, lastSeenAt: null }

  function heard({ user_id, status, last_seen_at }: Presence) {
    known.set(user_id, { online: status === 'online', lastSeenAt: last_seen_at ?? null })
  }

  /** Follows these people while the component lives. */
  function watchPeople(userIds: MaybeRefOrGetter<readonly string[]>) {
    let mine: readonly string[] = []
    const follow = (next: readonly string[]) => {
      next.forEach((id) => count(id, 1))
      mine.forEach((id) => count(id, -1))
      mine = next
      later()
    }
    watch(() => [...toValue(userIds)], follow, { immediate: true })
    onScopeDispose(() => follow([]))
  }

  function count(id: string, by: number) {
    const left = (watched.get(id) ?? 0) + by
    if (left > 0) watched.set(id, left)
    else watched.delete(id)
  }

  function later() {
    clearTimeout(timer)
    timer = setTimeout(subscribe, SUBSCRIBE_AFTER_MS)
  }

  const subscribe = () => connection.watch([...watched.keys()])

  return { of, heard, watch: watchPeople, subscribe, clear: () => known.clear() }
})
