/** What lives with a session: what it begins with, how it catches up, what is left of it. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PICTURES } from '#shared/shell'
import type { SessionNotice } from '~/api/credentials'
import { ApiError } from '~/api/error'
import type { Conversation, User } from '~/api/wire'
import { followSession } from './engine'
import type { LinkEvents } from './link'

/** What happens outside of the stores, in its order; what is asked for waits until it is let go on. */
const world = vi.hoisted(() => ({
  log: [] as string[],
  links: [] as { leads: boolean; events: LinkEvents }[],
  kept: {} as Record<string, unknown>,
  opening: null as Promise<void> | null,
  reading: null as Promise<void> | null,
  notice: null as ((notice: unknown) => void) | null,
}))

vi.mock('./link', () => ({
  Link: class {
    leads = false
    constructor(
      userId: string,
      _deps: unknown,
      readonly events: LinkEvents,
    ) {
      world.log.push(`link ${userId}`)
      world.links.push(this)
    }
    watch() {}
    say(frame: { type: string; seq?: number }) {
      world.log.push(`say ${frame.type} ${frame.seq}`)
    }
    hurry() {
      world.log.push('link hurries')
    }
    offline() {
      world.log.push('link offline')
    }
    stop() {
      world.log.push('link stops')
    }
  },
}))
vi.mock('~/db/database', () => ({
  openDatabase: async (userId: string) => {
    world.log.push(`open ${userId}`)
    await world.opening
    return {
      getAll: async (store: string) => {
        await world.reading
        return world.kept[store] ?? []
      },
      getAllKeys: async () => [],
      get: async (_store: string, key: string) => world.kept[key],
      transaction: () => ({
        objectStore: (store: string) => ({
          put: async (_value: unknown, key: string) => void world.log.push(`put ${store} ${key}`),
        }),
        done: Promise.resolve(),
      }),
      close: () => world.log.push(`close ${userId}`),
    }
  },
  clearDatabase: async (userId: string) => void world.log.push(`clear ${userId}`),
  deleteDatabase: async (userId: string) => void world.log.push(`delete ${userId}`),
}))
vi.mock('~/api/credentials', async (original) => ({
  ...(await original<object>()),
  onSessionNotice: (listener: (notice: unknown) => void) => {
    world.notice = listener
    return () => undefined
  },
}))
vi.mock('./backoff', () => ({ backoffMs: (attempt: number) => 1000 + attempt }))

const signIn = (id = 'ada') =>
  tell({ type: 'renewed', auth: { session_id: 's', user: { id, display_name: id } } as never })

async function tell(notice: SessionNotice) {
  world.notice?.(notice)
  await settle()
}

const settle = () => vi.advanceTimersByTimeAsync(0)
const logged = (what: RegExp) => world.log.filter((line) => what.test(line))
const link = () => {
  const newest = world.links.at(-1)
  if (!newest) throw new Error('there is no link')
  return newest
}

let scope = effectScope()

/** The client of one page, with what of it asks the API. */
function begin() {
  const [rooms, messages, people, groups] = [useRooms(), useMessages(), usePeople(), useGroups()]
  const asked = {
    sync: vi.spyOn(rooms, 'sync').mockResolvedValue(),
    hurry: vi.spyOn(messages, 'hurry'),
    lists: vi.spyOn(people, 'loadAll').mockResolvedValue(),
    groups: vi.spyOn(groups.mine, 'load').mockResolvedValue(),
  }
  useSession()
  scope = effectScope()
  scope.run(followSession)
  return { ...asked, rooms, people, groups, session: useSession(), connection: useConnection() }
}

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  localStorage.clear()
  Object.assign(world, { log: [], links: [], kept: {}, opening: null, reading: null })
})
afterEach(async () => {
  await tell({ type: 'ended', end: 'signed-out' })
  scope.stop()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a session that begins', () => {
  it('shows what the device has kept, then connects, and asks what is new', async () => {
    const bob = { id: 'bob', display_name: 'Bob' }
    world.kept = { users: [bob], groups: [{ id: 'g', version: 1 }] }
    const { sync, lists, groups, people } = begin()
    sync.mockImplementation(async () => void world.log.push('sync'))
    expect(world.log).toEqual([])
    await signIn()
    expect(people.users.get('bob')).toEqual(bob)
    expect(groups.get('g')).toBeDefined()
    expect(world.log).toEqual(['open ada', 'link ada', 'sync'])
    expect(lists).toHaveBeenCalledTimes(1)
    expect(groups.mine.load).toHaveBeenCalledTimes(1)
  })

  it.each(['opening', 'reading'] as const)(
    'is over when somebody signs out during the %s of what the device has kept',
    async (step) => {
      const done = Promise.withResolvers<undefined>()
      world[step] = done.promise
      begin()
      await signIn()
      await tell({ type: 'ended', end: 'signed-out' })
      done.resolve(undefined)
      await settle()
      expect(logged(/^(link|close)/)).toEqual(['close ada'])
    },
  )
})

describe('catching up', () => {
  it('is tried until it is done, and said meanwhile; what waits to be sent goes then', async () => {
    const { sync, hurry, connection } = begin()
    sync.mockRejectedValueOnce(new ApiError('network', 0))
    sync.mockRejectedValueOnce(new ApiError('unavailable', 503))
    await signIn()
    link().events.status('ready', null)
    expect([sync.mock.calls.length, connection.status]).toEqual([1, 'catching-up'])
    await vi.advanceTimersByTimeAsync(1000)
    expect([sync.mock.calls.length, connection.status]).toEqual([2, 'catching-up'])
    expect(hurry).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1001)
    expect([sync.mock.calls.length, connection.status]).toEqual([3, 'online'])
    expect(hurry).toHaveBeenCalledTimes(1)
  })

  it('that a newer one has overtaken neither goes on nor says that all is there', async () => {
    const { sync, hurry, connection } = begin()
    const syncs = [1, 2, 3].map(() => Promise.withResolvers<undefined>())
    syncs.forEach(({ promise }) => sync.mockReturnValueOnce(promise))
    await signIn()
    link().events.status('ready', null)
    link().events.frame({ type: 'ready', reason: 'connected' } as never)
    link().events.frame({ type: 'ready', reason: 'connected' } as never)
    syncs[0]?.reject(new ApiError('network', 0))
    syncs[1]?.resolve(undefined)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([sync.mock.calls.length, connection.status]).toEqual([3, 'catching-up'])
    expect(hurry).not.toHaveBeenCalled()
    syncs[2]?.resolve(undefined)
    await settle()
    expect([hurry.mock.calls.length, connection.status]).toEqual([1, 'online'])
  })

  it('ends with the session', async () => {
    const { sync } = begin()
    sync.mockRejectedValue(new ApiError('network', 0))
    await signIn()
    await tell({ type: 'ended', end: 'signed-out' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sync).toHaveBeenCalledTimes(1)
  })
})

describe('a session that ends', () => {
  it('leaves nothing of itself when somebody signed out', async () => {
    const forgotten = vi.fn(async () => true)
    vi.stubGlobal('caches', { delete: forgotten })
    world.kept = { users: [{ id: 'bob' }], groups: [{ id: 'g', version: 1 }] }
    const { people, groups, connection } = begin()
    await signIn()
    world.log.length = 0
    await tell({ type: 'ended', end: 'signed-out' })
    expect(world.log).toEqual(['link stops', 'close ada', 'delete ada'])
    expect(forgotten).toHaveBeenCalledWith(PICTURES)
    expect([people.users.size, groups.get('g'), connection.status]).toEqual([0, undefined, 'idle'])
    vi.unstubAllGlobals()
  })

  it('by the server keeps what was written, until it is heard that somebody signed out', async () => {
    const { session } = begin()
    await signIn()
    world.log.length = 0
    link().events.status('stopped', 'session-ended')
    await settle()
    expect(session.end).toBe('ended')
    expect(world.log).toEqual(['link stops', 'close ada', 'clear ada'])
    await tell({ type: 'ended', end: 'signed-out' })
    expect(logged(/^delete/)).toEqual(['delete ada'])
  })

  it('by the server deletes nothing of who has signed in again', async () => {
    begin()
    await signIn()
    link().events.status('stopped', 'session-ended')
    await settle()
    await signIn()
    await tell({ type: 'ended', end: 'ended' })
    await signIn('bob')
    await tell({ type: 'ended', end: 'signed-out' })
    expect(logged(/^(clear|delete)/)).toEqual(['clear ada', 'clear ada', 'delete bob'])
  })

  it('is not what a socket means that stops for another reason', async () => {
    const { session, connection } = begin()
    await signIn()
    link().events.status('stopped', 'update-required' as never)
    await settle()
    expect([session.signedIn, connection.status]).toEqual([true, 'stopped'])
  })
})

describe('one tab of many', () => {
  const marks = { delivered_seq: 0, read_seq: 0 }
  const [bob, eve] = [{ id: 'bob' }, { id: 'eve' }] as [User, User]
  const conversation = {
    id: 'c',
    kind: 'direct',
    peer: bob,
    last_seq: 3,
    rev: 3,
    receipts: marks,
    me: { ...marks, version: 0 },
    view: 'tag',
  } as Conversation

  it('says what is received, and keeps what is known, only while it leads', async () => {
    const { rooms, people } = begin()
    await signIn()
    rooms.take({ type: 'conversation', id: 'c', conversation })
    rooms.take({ type: 'epoch', epoch: 'one' })
    await settle()
    expect(people.users.has('bob')).toBe(true)
    expect(logged(/^(say|put)/)).toEqual([])

    link().leads = true
    link().events.leading()
    await settle()
    // What was learned before, too: who led then may have gone without keeping it.
    const lists = ['contacts', 'groups', 'me', 'state', 'users'].map((key) => `put kept ${key}`)
    expect(logged(/^put/).sort()).toEqual([...lists, 'put rooms c'])

    world.log.length = 0
    rooms.take({ type: 'conversation', id: 'c', conversation: { ...conversation, peer: eve } })
    await settle()
    expect(logged(/^say/)).toEqual(['say delivered 3'])
    expect(logged(/^put/).sort()).toEqual(['put kept users', 'put rooms c'])
  })

  it('tries at once when the network is back, or somebody looks at it again', async () => {
    const { sync, hurry } = begin()
    await signIn()
    world.log.length = 0
    window.dispatchEvent(new Event('offline'))
    expect(world.log).toEqual(['link offline'])
    hurry.mockClear()
    window.dispatchEvent(new Event('online'))
    expect(world.log).toEqual(['link offline', 'link hurries'])
    expect(hurry).toHaveBeenCalledTimes(1)

    sync.mockClear()
    document.dispatchEvent(new Event('visibilitychange'))
    await settle()
    expect(logged(/hurries/)).toHaveLength(2)
    expect(sync).toHaveBeenCalledTimes(1)
  })

  it('leaves nothing unsaid when the page goes', async () => {
    const [receipts, drafts] = [useReceipts(), useDrafts()]
    const flushed = [vi.spyOn(receipts, 'flush'), vi.spyOn(drafts, 'flush')]
    begin()
    await signIn()
    window.dispatchEvent(new Event('pagehide'))
    const hidden = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    hidden.mockRestore()
    expect(flushed.map(({ mock }) => mock.calls.length)).toEqual([2, 2])
    expect(logged(/hurries/)).toEqual([])
  })
})
