import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import type { Credentials } from '~/api/credentials'
import { Socket, type SocketStatus } from './socket'

const HEARTBEAT_MS = 15_000
const QUARTER_HOUR_MS = 900_000

/** A server end of a WebSocket, as far as a client can tell. */
class Peer {
  readyState = 0
  readonly sent: { type: string; token?: string }[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor(readonly protocols: string[]) {}

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
    this.say({ type: 'hello', heartbeat_ms: HEARTBEAT_MS, epoch: 'e' })
    this.say({ type: 'ready', reason: 'connected' })
  }

  end(code: number) {
    this.readyState = 3
    this.onclose?.({ code })
  }
}

class World {
  readonly peers: Peer[] = []
  readonly statuses: string[] = []
  online = true
  tokens = 1
  refused: ApiError | null = null
  readonly socket = new Socket(
    {
      open: (_url, protocols) => {
        const peer = new Peer(protocols)
        this.peers.push(peer)
        return peer as unknown as WebSocket
      },
      url: () => 'ws://here/ws',
      credentials: () => this.credentials(),
      renew: () => {
        this.tokens += 1
        return this.credentials()
      },
      every: (ms, beat) => {
        const timer = setInterval(beat, ms)
        return () => clearInterval(timer)
      },
      online: () => this.online,
    },
    {
      frame: () => undefined,
      status: (status: SocketStatus, reason) =>
        this.statuses.push(reason ? `${status} ${reason}` : status),
    },
  )

  get peer(): Peer {
    const peer = this.peers.at(-1)
    if (!peer) throw new Error('nothing was connected')
    return peer
  }

  async connected() {
    this.socket.start()
    await vi.advanceTimersByTimeAsync(0)
    this.peer.greet()
    return this.peer
  }

  /** Closes, and waits for the next connection, or until it is clear that none comes. */
  async endAndReturn(code: number) {
    const before = this.peers.length
    this.peer.end(code)
    for (let waited = 0; waited < 60_000 && this.peers.length === before; waited += 100) {
      await vi.advanceTimersByTimeAsync(100)
    }
  }

  private credentials(): Promise<Credentials> {
    if (this.refused) return Promise.reject(this.refused)
    const expiresAt = Date.now() + QUARTER_HOUR_MS
    return Promise.resolve({ token: `t${this.tokens}`, expiresAt, userId: 'u', sessionId: 's' })
  }
}

describe('the socket', () => {
  let world: World

  beforeEach(() => {
    vi.useFakeTimers()
    world = new World()
  })
  afterEach(() => {
    world.socket.stop()
    vi.useRealTimers()
  })

  it('brings its token in the list of subprotocols, and is ready when the server says so', async () => {
    const peer = await world.connected()
    expect(peer.protocols).toEqual(['warren.v1', 'bearer.t1'])
    expect(world.statuses).toEqual(['connecting', 'ready'])
    expect(world.socket.send({ type: 'ping' })).toBe(true)
  })

  it('says something before each heartbeat is over', async () => {
    const peer = await world.connected()
    for (let beats = 1; beats <= 4; beats += 1) {
      await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
      peer.say({ type: 'pong' })
      expect(peer.sent.length).toBeGreaterThanOrEqual(beats)
    }
    expect(world.statuses).toEqual(['connecting', 'ready'])
  })

  it('takes silence for a dead connection', async () => {
    await world.connected()
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS * 4)
    expect(world.statuses).toContain('waiting')
    expect(world.peers.length).toBeGreaterThan(1)
  })

  it('gives up a handshake that never comes to hello', async () => {
    world.socket.start()
    await vi.advanceTimersByTimeAsync(11_000)
    expect(world.peers.length).toBeGreaterThan(1)
  })

  it('sends a fresh token before the old one ends', async () => {
    const peer = await world.connected()
    const steps = (QUARTER_HOUR_MS - 60_000) / HEARTBEAT_MS
    for (let step = 0; step <= steps; step += 1) {
      peer.say({ type: 'pong' })
      await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    }
    expect(peer.sent.filter(({ type }) => type === 'auth')).toEqual([{ type: 'auth', token: 't2' }])
  })

  it.each([
    [1001, 'waiting'],
    [1006, 'waiting'],
    [1009, 'waiting'],
    [4400, 'waiting'],
    [4403, 'stopped session-ended'],
    [4408, 'waiting'],
    [4409, 'stopped too-many-sockets'],
    [4429, 'waiting'],
    [4508, 'waiting'],
  ])('after %i it is %s', async (code, status) => {
    const peer = await world.connected()
    peer.end(code)
    expect(world.statuses.at(-1)).toBe(status)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.peers.length > 1).toBe(status === 'waiting')
  })

  it('renews the token after 4401, and connects with it at once', async () => {
    const peer = await world.connected()
    peer.end(4401)
    await vi.advanceTimersByTimeAsync(0)
    expect(world.peer.protocols[1]).toBe('bearer.t2')
  })

  it('stops when the session is gone', async () => {
    const peer = await world.connected()
    world.refused = new ApiError('unauthenticated', 401)
    peer.end(4401)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.statuses.at(-1)).toBe('stopped session-ended')
  })

  it('stops when the server takes nothing that it says', async () => {
    await world.connected()
    for (let times = 0; times < 3; times += 1) {
      world.peer.say({ type: 'hello', heartbeat_ms: HEARTBEAT_MS })
      await world.endAndReturn(4400)
    }
    expect(world.statuses.at(-1)).toBe('stopped fault')
  })

  it('suspects the token when upgrades are refused again and again', async () => {
    world.socket.start()
    for (let times = 0; times < 4; times += 1) {
      await vi.advanceTimersByTimeAsync(31_000)
      world.peer.end(1006)
    }
    expect(world.tokens).toBeGreaterThan(1)
  })

  it('leaves a server that drains when it is told to', async () => {
    const peer = await world.connected()
    peer.say({ type: 'draining', reconnect_after_ms: 3000 })
    await vi.advanceTimersByTimeAsync(2999)
    expect(world.peers).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(world.peers).toHaveLength(2)
  })

  it('waits for the network, and connects the moment it is back', async () => {
    await world.connected()
    world.online = false
    world.socket.offline()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([world.statuses.at(-1), world.peers.length]).toEqual(['offline', 1])
    world.online = true
    world.socket.hurry()
    await vi.advanceTimersByTimeAsync(0)
    expect(world.peers).toHaveLength(2)
  })

  it('waits half a minute at most, and half a second at first', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1)
    await world.connected()
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const before = world.peers.length
      world.peer.end(1006)
      let waited = 0
      while (world.peers.length === before) {
        await vi.advanceTimersByTimeAsync(500)
        waited += 500
      }
      waits.push(waited)
    }
    expect([waits[0], waits.at(-1)]).toEqual([500, 30_000])
    random.mockRestore()
  })
})
