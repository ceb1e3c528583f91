import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Conversation, Message } from '~/api/wire'
import type { Room } from '~/realtime/room'
import { newRoom } from '~/realtime/room/answers'
import { applyPage } from '~/realtime/room/held'
import { LIVE } from '~/realtime/spans'
import { Cache } from './cache'
import { clearDatabase, deleteDatabase, openDatabase, type Database } from './database'

function message(seq: number): Message {
  const marks = { id: `m${seq}`, client_id: `c${seq}`, seq, rev: seq, body: `body ${seq}` }
  return { ...marks, conversation_id: 'a', sender_id: 'peer', kind: 'text', created_at: '',
    attachments: [], reactions: [], mentions: [], mentions_all: false, pinned: false } // prettier-ignore
}

/** A conversation of so many messages, of which the newest `held` are held. */
function room(messages: number, held: number): Room {
  const none = { delivered_seq: 0, read_seq: 0 }
  const me = { ...none, version: 0, unread: 0, mentions: 0, archived: false, pinned: false, cleared_seq: 0, listed: true } // prettier-ignore
  const last_message = message(messages)
  const conversation: Conversation = { id: 'a', kind: 'direct', last_seq: messages, rev: messages, created_at: '', receipts: none, me, view: 'tag', last_message } // prettier-ignore
  const items = Array.from({ length: held }, (_, at) => message(messages - held + 1 + at))
  const page = { items, has_before: held < messages, has_after: false, rev: messages }
  return applyPage(newRoom('own', conversation), {}, page).room
}

describe('the cache', () => {
  let db: Database | null

  beforeEach(async () => {
    globalThis.indexedDB = new IDBFactory()
    db = await openDatabase('user')
  })
  afterEach(() => db?.close())

  it('keeps a conversation with its newest message, and says no more than that is held', async () => {
    const cache = new Cache(db)
    cache.saveRoom('a', room(10, 5))
    await cache.flush()
    const [kept] = await new Cache(db).rooms()
    expect(kept?.messages.map(({ seq }) => seq)).toEqual([10])
    expect(kept?.spans).toEqual([{ from: 10, to: LIVE }])
    expect([kept?.rev, kept?.tag]).toEqual([10, 'tag'])
  })

  it('keeps that a conversation without messages is whole, for the first that comes', async () => {
    const cache = new Cache(db)
    // Cleared up to its end.
    cache.saveRoom('a', { ...room(10, 5), messages: [] })
    await cache.flush()
    const [kept] = await new Cache(db).rooms()
    expect([kept?.messages, kept?.spans]).toEqual([[], [{ from: 11, to: LIVE }]])
  })

  it('keeps the newest page with its revision, as the server would answer it', async () => {
    const cache = new Cache(db)
    cache.saveTail(room(200, 100))
    await cache.flush()
    const page = await cache.tail('a')
    expect(page?.items.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 60 }, (_, at) => 141 + at),
    )
    expect([page?.has_before, page?.has_after, page?.rev]).toEqual([true, false, 200])
  })

  it('does not replace a page that is kept by a few newer messages', async () => {
    const cache = new Cache(db)
    cache.saveTail(room(200, 100))
    await cache.flush()
    cache.saveTail(room(203, 3))
    await cache.flush()
    expect((await cache.tail('a'))?.rev).toBe(200)
  })

  it('writes at once, and together what one task or one write leaves waiting', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const begun = vi.spyOn(db as Database, 'transaction')
    const writes = () => begun.mock.calls.filter(([, mode]) => mode === 'readwrite').length
    const cache = new Cache(db)
    cache.saveRoom('a', room(200, 100))
    cache.saveTail(room(200, 100))
    cache.keep('users', [])
    await vi.advanceTimersByTimeAsync(0)
    for (const more of [1, 2, 3]) cache.saveRoom('a', room(200 + more, 100))
    expect(writes()).toBe(1)
    expect((await new Cache(db).rooms()).map(({ rev }) => rev)).toEqual([200])
    expect((await new Cache(db).tail('a'))?.rev).toBe(200)
    expect(await new Cache(db).kept('users')).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(writes()).toBe(2)
    expect((await new Cache(db).rooms()).map(({ rev }) => rev)).toEqual([203])
    vi.useRealTimers()
  })

  it('forgets a conversation that is there no more, and its page', async () => {
    const cache = new Cache(db)
    cache.saveRoom('a', room(10, 10))
    cache.saveTail(room(10, 10))
    await cache.flush()
    cache.saveRoom('a', null)
    await cache.flush()
    expect(await cache.rooms()).toEqual([])
    expect(await cache.tail('a')).toBeUndefined()
  })

  it('lets what the user wrote outlive a session that ended by itself, and nothing a signing out', async () => {
    const cache = new Cache(db)
    cache.saveRoom('a', room(10, 10))
    await cache.flush()
    await db?.put('drafts', 'half a thought', 'a')
    db?.close()
    await clearDatabase('user')
    db = await openDatabase('user')
    expect(await new Cache(db).rooms()).toEqual([])
    expect(await db?.get('drafts', 'a')).toBe('half a thought')
    db?.close()
    await deleteDatabase('user')
    db = await openDatabase('user')
    expect(await db?.get('drafts', 'a')).toBeUndefined()
  })

  it('goes on without a database', async () => {
    const cache = new Cache(null)
    cache.saveRoom('a', room(10, 10))
    await cache.flush()
    expect(await cache.rooms()).toEqual([])
    expect(await cache.tail('a')).toBeUndefined()
  })
})
