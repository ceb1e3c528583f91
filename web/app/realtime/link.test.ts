import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Credentials } from '~/api/credentials'
import type { ServerFrame } from './frames'
import { Link } from './link'
import type { SocketDeps } from './socket'

/** The locks of one browser: the first who asks has it, and the next once that one lets go. */
class Locks {
  private tail: Promise<unknown> = Promise.resolve()

  request(_name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<unknown>) {
    const turn = this.tail.then(() => {
      if (signal.aborted) throw new DOMException('no more', 'AbortError')
      return hold()
    })
    this.tail = turn.catch(() => undefined)
    return turn
  }
}

/** What tabs say, to all but oneself, in the same order for everyone. */
class Channel {
  static readonly open = new Set<Channel>()
  onmessage: ((event: { data: unknown }) => void) | null = null

  constructor(private readonly name: string) {
    Channel.open.add(this)
  }

  postMessage(data: unknown) {
    const sent = structuredClone(data)
    for (const other of Channel.open) {
      if (other === this || other.name !== this.name) continue
      queueMicrotask(() => Channel.open.has(other) && other.onmessage?.({ data: sent }))
    }
  }

  close() {
    Channel.open.delete(this)
  }
}

/** A server's end of a socket. */
class Peer {
  readyState = 0
  readonly sent: { type: string; user_ids?: string[] }[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  send(text: string) {
    this.sent.push(JSON.parse(text))
  }

  close() {
    this.readyState = 3
  }

  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  greet() {
    this.readyState = 1
    this.say({ type: 'hello', heartbeat_ms: 15_000, epoch: 'e' })
    this.say({ type: 'ready', reason: 'connected' })
  }
}

const peers: Peer[] = []
const newest = () => {
  const peer = peers.at(-1)
  if (!peer) throw new Error('nothing was connected')
  return peer
}

const IN_AN_HOUR = Date.now() + 3_600_000

const deps: SocketDeps = {
  open: () => {
    const peer = new Peer()
    peers.push(peer)
    return peer as unknown as WebSocket
  },
  url: () => 'ws://here/ws',
  credentials: async () => ({ token: 't', expiresAt: IN_AN_HOUR }) as Credentials,
  renew: async () => ({ token: 't', expiresAt: IN_AN_HOUR }) as Credentials,
  every: () => () => undefined,
  online: () => true,
}

function open(userId = 'ada') {
  const tab = {
    frames: [] as string[],
    statuses: [] as string[],
    notices: [] as string[],
    led: 0,
  }
  const link = new Link(userId, deps, {
    frame: (frame: ServerFrame) => tab.frames.push(frame.type),
    status: (status) => tab.statuses.push(status),
    leading: () => (tab.led += 1),
    outbox: (notice) => tab.notices.push(notice.type),
  })
  return Object.assign(tab, { link })
}

/** Until nothing more happens by itself. */
const settled = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(() => {
  peers.length = 0
  Channel.open.clear()
  vi.stubGlobal('navigator', { locks: new Locks() })
  vi.stubGlobal('BroadcastChannel', Channel)
})
afterEach(() => vi.unstubAllGlobals())

describe('the link', () => {
  it('has one socket, whose frames every tab of the user hears', async () => {
    const [first, second] = [open(), open()]
    const stranger = open('eve')
    await settled()
    expect([first.led, second.led]).toEqual([1, 0])
    newest().greet()
    await settled()
    expect(first.frames).toEqual(['hello', 'ready'])
    expect(second.frames).toEqual(first.frames)
    expect(second.statuses.at(-1)).toBe('ready')
    expect(stranger.frames).toEqual([])
  })

  it('says for all tabs what they have to say', async () => {
    const [first, second] = [open(), open()]
    await settled()
    newest().greet()
    second.link.say({ type: 'read', conversation_id: 'c', seq: 3 })
    first.link.say({ type: 'read', conversation_id: 'c', seq: 4 })
    await settled()
    expect(newest().sent.filter(({ type }) => type === 'read')).toEqual([
      { type: 'read', conversation_id: 'c', seq: 4 },
      { type: 'read', conversation_id: 'c', seq: 3 },
    ])
  })

  it('tells a tab that comes later how things are', async () => {
    open()
    await settled()
    newest().greet()
    const late = open()
    await settled()
    expect(late.statuses).toEqual(['ready'])
  })

  it('is taken over by the next tab, with whom the others watch', async () => {
    const [first, second, third] = [open(), open(), open()]
    await settled()
    newest().greet()
    first.link.watch(['a'])
    second.link.watch(['b'])
    third.link.watch(['c'])
    await settled()
    expect(watched()).toEqual(['a', 'b', 'c'])

    first.link.stop()
    await settled()
    expect([second.led, third.led]).toEqual([1, 0])
    expect(peers).toHaveLength(2)
    newest().greet()
    await settled()
    expect(watched()).toEqual(['b', 'c'])
    expect(third.frames).toEqual(['hello', 'ready', 'hello', 'ready'])
  })

  it('passes over a tab that has stopped while it waited', async () => {
    const [first, second, third] = [open(), open(), open()]
    await settled()
    second.link.stop()
    first.link.stop()
    await settled()
    expect([second.led, third.led]).toEqual([0, 1])
  })

  it('tells the outbox of one tab to the others', async () => {
    const [first, second] = [open(), open()]
    await settled()
    second.link.tell({ type: 'removed', clientId: 'x' })
    await settled()
    expect([first.notices, second.notices]).toEqual([['removed'], []])
  })
})

const watched = () =>
  newest()
    .sent.findLast(({ type }) => type === 'presence.subscribe')
    ?.user_ids?.toSorted()
