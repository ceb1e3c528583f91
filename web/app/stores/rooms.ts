/**
 * The conversations as the reducer holds them, made reactive: one entry changes, and what shows that
 * one renders again. Components see `conversations` and `useTimeline`, which are made from this.
 */
import { api, ok } from '~/api/client'
import { asApiError, type ApiError } from '~/api/error'
import type { View } from '~/api/wire'
import type { Cache } from '~/db/cache'
import type { Kept } from '~/db/database'
import type { Input, State } from '~/realtime/reducer'
import { Replica, type ReplicaApi } from '~/realtime/replica'
import type { Room } from '~/realtime/room'
import type { PageQuery } from '~/realtime/room/held'
import type { LoadStatus } from './loadable'

/** What the rest of the engine does when something happens here. */
export interface RoomsHooks {
  changed(rooms: readonly Room[]): void
  told(id: string, me: View): void
  accountMoved(): void
}

const CHANGES_LIMIT = 100
const PAGE_LIMIT = 50

const rest: ReplicaApi = {
  conversation: (id) => ok(api.GET('/v1/conversations/{id}', { params: { path: { id } } })),
  changes: (id, since) => {
    const params = { path: { id }, query: { since, limit: CHANGES_LIMIT } }
    return ok(api.GET('/v1/conversations/{id}/changes', { params }))
  },
  page: (id, query) => {
    const params = { path: { id }, query: { ...query, limit: PAGE_LIMIT } }
    return ok(api.GET('/v1/conversations/{id}/messages', { params }))
  },
  sync: (body) => ok(api.POST('/v1/sync', { body })),
}

export const useRooms = defineStore('rooms', () => {
  const rooms = shallowReactive(new Map<string, Room>())
  const status = ref<LoadStatus>('idle')
  const error = shallowRef<ApiError | null>(null)
  let replica: Replica | null = null
  /** Settled once the kept conversations are there: until then nothing can be said to be missing. */
  let begun = Promise.withResolvers<unknown>()
  let cache: Cache | null = null
  let leading = false
  /** What changed while this tab did not lead: who led may not have kept it. */
  const unkept = new Set<string>()
  let counters: Kept['state'] | null = null

  /** Begins with what the device has kept; `sync` then brings what is new. */
  async function start(userId: string, from: Cache, hooks: RoomsHooks) {
    stop()
    cache = from
    status.value = 'loading'
    const started = new Replica(userId, rest, {
      told: hooks.told,
      accountMoved: hooks.accountMoved,
      changed: (state, before) => hooks.changed(show(state, before)),
    })
    replica = started
    const [kept, state] = await Promise.all([from.rooms(), from.kept('state')])
    if (replica !== started) return
    if (kept.length > 0 && state) {
      take({ type: 'restore', rooms: kept, ...state })
      unkept.clear()
      status.value = 'ready'
    }
    begun.resolve(null)
  }

  function stop() {
    begun.resolve(null)
    begun = Promise.withResolvers()
    replica?.stop()
    replica = null
    cache = null
    rooms.clear()
    unkept.clear()
    counters = null
    status.value = 'idle'
    error.value = null
  }

  /** Puts what differs into the reactive map, and behind it into the cache. */
  function show(state: State, before: State): Room[] {
    const changed = [...state.rooms.values()].filter((room) => rooms.get(room.shared.id) !== room)
    for (const room of changed) {
      rooms.set(room.shared.id, room)
      keep(room.shared.id)
    }
    for (const id of before.rooms.keys()) {
      if (state.rooms.has(id)) continue
      rooms.delete(id)
      keep(id)
    }
    if (state.epoch !== before.epoch || state.accountRev !== before.accountRev) {
      counters = { epoch: state.epoch, accountRev: state.accountRev }
      if (leading) cache?.keep('state', counters)
    }
    return changed
  }

  function keep(id: string) {
    if (leading) cache?.saveRoom(id, rooms.get(id) ?? null)
    else unkept.add(id)
  }

  function lead(yes: boolean) {
    leading = yes
    if (!yes) return
    if (counters) cache?.keep('state', counters)
    unkept.forEach(keep)
    unkept.clear()
  }

  const take = (input: Input) => replica?.take(input)

  const takeAccount = (rev: number) => replica?.takeAccount(rev)

  /** Catches up on everything. Rows that are there stay, whatever happens. */
  async function sync() {
    try {
      await replica?.sync()
      status.value = 'ready'
      error.value = null
    } catch (thrown) {
      error.value = asApiError(thrown)
      if (status.value !== 'ready') status.value = 'error'
      throw error.value
    }
  }

  async function load(id: string, query: PageQuery) {
    await begun.promise
    await replica?.load(id, query)
  }

  /** The kept newest page of a conversation, if there is one. */
  async function loadKept(id: string) {
    const page = await cache?.tail(id)
    if (page) take({ type: 'page', id, query: {}, page })
    return page !== undefined
  }

  /** Keeps the newest page of a conversation that is open. */
  function keepTail(id: string) {
    const room = rooms.get(id)
    if (room) cache?.saveTail(room)
  }

  /** A conversation, asked for when it is not held; undefined when there is none. */
  async function find(id: string): Promise<Room | undefined> {
    await begun.promise
    if (!rooms.has(id)) await replica?.lookAt(id)
    return rooms.get(id)
  }

  return {
    rooms,
    status: readonly(status),
    error: computed(() => error.value),
    start,
    stop,
    lead,
    take,
    takeAccount,
    sync,
    load,
    loadKept,
    keepTail,
    find,
  }
})
