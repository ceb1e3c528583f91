/** What the replica asks of the API, when it asks again, and what it does with an error. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import type { Changes, Conversation, Message, SyncRequest, SyncResponse } from '~/api/wire'
import { Replica, type ReplicaApi } from './replica'

const marks = { delivered_seq: 0, read_seq: 0 }
const view = { ...marks, version: 0, unread: 0, mentions: 0, archived: false, pinned: false, cleared_seq: 0, listed: true } // prettier-ignore

const message = (seq: number): Message => ({
  id: `m${seq}`,
  seq,
  rev: seq,
  client_id: `m${seq}`,
  conversation_id: 'chat',
  sender_id: 'bob',
  kind: 'text',
  body: `message ${seq}`,
  attachments: [],
  reactions: [],
  mentions: [],
  mentions_all: false,
  pinned: false,
  created_at: '2026-01-01T00:00:00Z',
})

/** With messages up to `seq`, one revision each. */
const conversation = (seq: number, id = 'chat'): Conversation => ({
  id,
  kind: 'direct',
  peer: null,
  last_seq: seq,
  rev: seq,
  created_at: '2026-01-01T00:00:00Z',
  receipts: marks,
  me: view,
  view: 'tag',
  last_message: { ...message(seq), conversation_id: id },
})

const synced = (parts: Partial<SyncResponse> = {}): SyncResponse => ({
  epoch: 'e',
  account_rev: 1,
  conversations: [],
  changes: {},
  views: {},
  removed: [],
  ...parts,
})

const created = (seq: number) =>
  ({
    type: 'frame',
    frame: { type: 'message.created', conversation_id: 'chat', rev: seq, message: message(seq) },
  }) as const

const lost = new ApiError('network', 0)
const gone = new ApiError('not_found', 404)

/** An API whose server knows one conversation; each method counts its calls and may be told to fail. */
function server() {
  const api = {
    conversation: vi.fn<ReplicaApi['conversation']>(async () => conversation(1)),
    changes: vi.fn<ReplicaApi['changes']>(async (_id, since) => ({
      items: [since + 1].map(message),
      conversation: null,
      rev: since + 1,
      complete: true,
      reset: false,
    })),
    page: vi.fn<ReplicaApi['page']>(async () => ({
      items: [message(1)],
      has_before: false,
      has_after: false,
      rev: 1,
    })),
    sync: vi.fn<ReplicaApi['sync']>(async () => synced({ conversations: [conversation(1)] })),
  }
  const told = { changes: 0, views: [] as string[], accountMoved: 0 }
  const replica = new Replica('ada', api, {
    changed: () => (told.changes += 1),
    told: (id) => told.views.push(id),
    accountMoved: () => (told.accountMoved += 1),
  })
  const seqs = () => replica.state.rooms.get('chat')?.messages.map(({ seq }) => seq)
  return { api, replica, told, seqs }
}

const settle = () => vi.advanceTimersByTimeAsync(0)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
/** The patience with a hole, and the time between two syncs, where chance is in the middle. */
const HOLE_MS = 1000
const SYNC_MS = 45_000

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('what a frame makes necessary', () => {
  it('is asked for once, however many frames want it meanwhile', async () => {
    const { api, replica, seqs } = server()
    replica.take(created(1))
    replica.take(created(1))
    expect(api.conversation.mock.calls).toEqual([['chat']])
    await settle()
    expect(seqs()).toEqual([1])
  })

  it('is asked for again by the next frame when it was refused', async () => {
    const { api, replica, seqs } = server()
    api.conversation.mockRejectedValueOnce(lost)
    replica.take(created(1))
    await settle()
    expect(seqs()).toBe(undefined)
    replica.take(created(1))
    await settle()
    expect(seqs()).toEqual([1])
  })

  it('comes too late for who has signed out', async () => {
    const { replica, told } = server()
    replica.take(created(1))
    replica.stop()
    await settle()
    expect([replica.state.rooms.size, told.changes]).toEqual([0, 0])
  })
})

describe('a conversation that is looked at', () => {
  it('goes when the server has none', async () => {
    const { api, replica } = server()
    await replica.sync()
    api.conversation.mockRejectedValue(gone)
    await replica.lookAt('chat')
    expect(replica.state.rooms.size).toBe(0)
  })

  it('stays when the server cannot be asked, and who looks is told so', async () => {
    const { api, replica } = server()
    await replica.sync()
    api.conversation.mockRejectedValue(lost)
    await expect(replica.lookAt('chat')).rejects.toBe(lost)
    expect(replica.state.rooms.size).toBe(1)
  })

  it('is looked at when the server denies its changes', async () => {
    const { api, replica } = server()
    await replica.sync()
    api.changes.mockRejectedValue(gone)
    api.conversation.mockRejectedValue(gone)
    replica.take(created(3))
    await pass(HOLE_MS)
    expect(api.conversation.mock.calls).toEqual([['chat']])
    expect(replica.state.rooms.size).toBe(0)
  })
})

describe('a hole', () => {
  it('that closes by itself costs no request', async () => {
    const { api, replica, seqs } = server()
    await replica.sync()
    replica.take(created(3))
    replica.take(created(2))
    await pass(HOLE_MS)
    expect(seqs()).toEqual([1, 2, 3])
    expect(api.changes).not.toHaveBeenCalled()
  })

  it('is asked about after a moment, and again until it is filled', async () => {
    const { api, replica, seqs } = server()
    await replica.sync()
    api.changes.mockRejectedValueOnce(lost)
    replica.take(created(3))
    await pass(HOLE_MS - 1)
    expect(api.changes).not.toHaveBeenCalled()
    await pass(1)
    expect(api.changes.mock.calls).toEqual([['chat', 1]])
    await pass(HOLE_MS)
    expect(api.changes).toHaveBeenCalledTimes(2)
    expect(seqs()).toEqual([1, 2, 3])
    await pass(HOLE_MS)
    expect(api.changes).toHaveBeenCalledTimes(2)
  })
})

describe('a sync', () => {
  const asked = ({ api }: ReturnType<typeof server>): SyncRequest[] =>
    api.sync.mock.calls.map(([request]) => request)

  it('says what is known, goes on by the cursor, and passes on what it is told of views', async () => {
    const world = server()
    world.api.sync
      .mockResolvedValueOnce(synced({ conversations: [conversation(1)], next_cursor: 'more' }))
      .mockResolvedValueOnce(
        synced({ views: { chat: { hidden: [], me: view, receipts: marks, view: 'tag' } } }),
      )
    await world.replica.sync()
    expect(asked(world)).toMatchObject([
      { known: {}, account_rev: null, cursor: null },
      { known: { chat: { rev: 1 } }, account_rev: 1, cursor: 'more' },
    ])
    expect(world.told.views).toEqual(['chat', 'chat'])
  })

  it('is done when what it made necessary is there', async () => {
    const { api, replica, seqs } = server()
    await replica.sync()
    const changes = {
      items: [message(2)],
      conversation: null,
      rev: 2,
      complete: false,
      reset: false,
    }
    api.sync.mockResolvedValueOnce(synced({ changes: { chat: changes } }))
    const slow = Promise.withResolvers<Changes>()
    api.changes.mockReturnValueOnce(slow.promise)
    let done = false
    const syncing = replica.sync().then(() => (done = true))
    await settle()
    expect(api.changes.mock.calls).toEqual([['chat', 2]])
    expect(done).toBe(false)
    slow.resolve({ ...changes, items: [message(3)], rev: 3, complete: true })
    await syncing
    expect(seqs()).toEqual([1, 2, 3])
  })

  it('that was asked for during another is done after it', async () => {
    const { api, replica } = server()
    const [first, second] = [replica.sync(), replica.sync()]
    expect(api.sync).toHaveBeenCalledTimes(1)
    await Promise.all([first, second])
    expect(api.sync).toHaveBeenCalledTimes(2)
  })

  it('begins anew when the database came back from a backup', async () => {
    const world = server()
    await world.replica.sync()
    world.api.sync.mockResolvedValueOnce(synced({ epoch: 'another' }))
    world.api.sync.mockResolvedValueOnce(
      synced({ epoch: 'another', conversations: [conversation(1, 'restored')] }),
    )
    await world.replica.sync()
    expect(asked(world).at(-1)).toMatchObject({ known: {}, account_rev: null, cursor: null })
    expect([...world.replica.state.rooms.keys()]).toEqual(['restored'])
  })

  it('that fails says so, keeps what there is, and is tried again within a minute', async () => {
    const { api, replica, seqs } = server()
    await replica.sync()
    api.sync.mockRejectedValueOnce(lost)
    await expect(replica.sync()).rejects.toBe(lost)
    expect(seqs()).toEqual([1])
    await pass(SYNC_MS - 1)
    expect(api.sync).toHaveBeenCalledTimes(2)
    await pass(1)
    expect(api.sync).toHaveBeenCalledTimes(3)
  })

  it('does not ask for ever of a server whose answers have no end', async () => {
    const { api, replica } = server()
    api.sync.mockResolvedValue(synced({ next_cursor: 'more' }))
    await replica.sync()
    expect(api.sync).toHaveBeenCalledTimes(100)
  })

  it('is the last one when somebody signs out', async () => {
    const { api, replica } = server()
    api.sync.mockResolvedValue(synced({ next_cursor: 'more' }))
    const running = replica.sync()
    replica.stop()
    await running
    expect(api.sync).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('people and groups', () => {
  it('are loaded anew when a frame about them was missed, and only then', async () => {
    const { replica, told } = server()
    replica.takeAccount(7)
    replica.takeAccount(8)
    replica.takeAccount(8)
    expect(told.accountMoved).toBe(0)
    replica.takeAccount(10)
    expect(told.accountMoved).toBe(1)
  })

  it('are loaded anew when a sync shows that something happened to them', async () => {
    const { api, replica, told } = server()
    await replica.sync()
    await replica.sync()
    expect(told.accountMoved).toBe(0)
    api.sync.mockResolvedValueOnce(synced({ account_rev: 2 }))
    await replica.sync()
    expect(told.accountMoved).toBe(1)
  })
})
