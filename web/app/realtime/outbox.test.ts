import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message, NewMessage } from '~/api/wire'
import { ApiError } from '~/api/error'
import { Outbox, type OutboxEntry, type OutboxNotice } from './outbox'

/** A disk that outlives an outbox, and a server that answers as it is told. */
class World {
  readonly stored: NewMessage[] = []
  readonly answers: (ApiError | 'lost')[] = []
  readonly notices: OutboxNotice[] = []
  shown: readonly OutboxEntry[] = []
  confirmed: string[] = []

  constructor(readonly disk = new Map<string, OutboxEntry>()) {}

  outbox(): Outbox {
    return new Outbox(
      {
        load: () => Promise.resolve([...this.disk.values()]),
        save: async (entry) => {
          await Promise.resolve()
          this.disk.set(entry.clientId, entry)
        },
        remove: (id) => Promise.resolve(void this.disk.delete(id)),
        send: (conversationId, message) => this.send(conversationId, message),
      },
      {
        changed: (entries) => {
          this.shown = entries
        },
        sent: (message) => this.confirmed.push(message.client_id),
        tell: (notice) => this.notices.push(notice),
      },
    )
  }

  private send(conversationId: string, message: NewMessage): Promise<Message> {
    expect(this.disk.has(message.client_id)).toBe(true)
    const answer = this.answers.shift()
    if (answer instanceof ApiError) return Promise.reject(answer)
    // The server goes by the client's id: what it has, it does not store again.
    if (!this.stored.some(({ client_id }) => client_id === message.client_id)) {
      this.stored.push(message)
    }
    if (answer === 'lost') return Promise.reject(new TypeError('Failed to fetch'))
    return Promise.resolve({ ...message, conversation_id: conversationId } as Message)
  }

  get bodies() {
    return this.stored.map(({ body }) => body)
  }
}

let written = 0
function entry(body: string, conversationId = 'c'): OutboxEntry {
  written += 1
  return {
    clientId: `id ${body}`,
    conversationId,
    body,
    replyTo: null,
    attachments: [],
    createdAt: new Date(written).toISOString(),
    failure: null,
  }
}

const offline = new ApiError('network', 0)
const refused = new ApiError('blocked', 403, 'request 7')
const settle = () => vi.advanceTimersByTimeAsync(0)

describe('the outbox', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    // By chance a wait may be none at all.
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('shows a message before anything is awaited, and keeps it before it is sent', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.add(entry('one'))
    expect(world.shown.map(({ body }) => body)).toEqual(['one'])
    expect(world.disk.size).toBe(0)
    outbox.lead(true)
    await settle()
    expect(world.bodies).toEqual(['one'])
  })

  it('sends in order, and the next only when the one before is done', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push(offline)
    for (const body of ['one', 'two', 'three']) outbox.add(entry(body))
    await settle()
    expect(world.bodies).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.bodies).toEqual(['one', 'two', 'three'])
    expect(world.confirmed).toEqual(['id one', 'id two', 'id three'])
    expect(world.shown).toEqual([])
    expect(world.disk.size).toBe(0)
  })

  it('does not hold up one conversation for another', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push(offline)
    outbox.add(entry('stuck', 'a'))
    outbox.add(entry('free', 'b'))
    await settle()
    expect(world.bodies).toEqual(['free'])
  })

  it('sends again by the same id when the answer is lost, and nothing is doubled', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push('lost', 'lost')
    outbox.add(entry('once'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.bodies).toEqual(['once'])
    expect(world.confirmed).toEqual(['id once'])
  })

  it('goes on after a reload where it was', async () => {
    const world = new World()
    world.outbox().add(entry('before the crash'))
    await settle()
    const next = world.outbox()
    await next.restore()
    expect(world.shown.map(({ body }) => body)).toEqual(['before the crash'])
    next.lead(true)
    await settle()
    expect(world.bodies).toEqual(['before the crash'])
    expect(world.disk.size).toBe(0)
  })

  it('says why one was refused, lets the next pass, and tries it again when asked', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push(refused)
    outbox.add(entry('refused'))
    outbox.add(entry('next'))
    await settle()
    expect(world.shown.map(({ body, failure }) => [body, failure?.code])).toEqual([
      ['refused', 'blocked'],
    ])
    expect(world.disk.get('id refused')?.failure?.requestId).toBe('request 7')
    expect(world.bodies).toEqual(['next'])
    outbox.retry('id refused')
    await settle()
    expect(world.bodies).toEqual(['next', 'refused'])
  })

  it('waits as long as the server says', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push(new ApiError('rate_limited', 429, null, [], 7000))
    outbox.add(entry('patient'))
    await vi.advanceTimersByTimeAsync(6999)
    expect(world.bodies).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(world.bodies).toEqual(['patient'])
  })

  it('waits no longer when the network is back', async () => {
    const world = new World()
    const outbox = world.outbox()
    outbox.lead(true)
    world.answers.push(offline, offline, offline, offline, offline, offline)
    outbox.add(entry('eager'))
    await vi.advanceTimersByTimeAsync(20_000)
    world.answers.length = 0
    outbox.hurry()
    await settle()
    expect(world.bodies).toEqual(['eager'])
  })

  it('leaves the sending to the tab that leads, and shows the same there', async () => {
    const world = new World()
    const follower = world.outbox()
    follower.add(entry('from the other tab'))
    await settle()
    expect(world.bodies).toEqual([])
    const elsewhere = new World(world.disk)
    const leader = elsewhere.outbox()
    leader.lead(true)
    world.notices.forEach((notice) => leader.hear(notice))
    await settle()
    expect(elsewhere.bodies).toEqual(['from the other tab'])
    elsewhere.notices.forEach((notice) => follower.hear(notice))
    expect(world.confirmed).toEqual(['id from the other tab'])
    expect(world.shown).toEqual([])
  })

  it('forgets what was discarded', async () => {
    const world = new World()
    const outbox = world.outbox()
    world.answers.push(refused)
    outbox.lead(true)
    outbox.add(entry('never'))
    await settle()
    await outbox.discard('id never')
    outbox.hurry()
    await settle()
    expect([world.shown, world.disk.size, world.bodies]).toEqual([[], 0, []])
  })
})
