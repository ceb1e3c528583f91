/**
 * One WebSocket that is always wanted: connects, authenticates, beats, notices silence, and comes
 * back the way each close code asks for. It knows frames only as far as the connection needs them.
 */
import { asApiError } from '~/api/error'
import type { Credentials } from '~/api/credentials'
import type { StopReason } from '~/types/connection'
import { backoffMs } from './backoff'
import { parseFrame, type ClientFrame, type ServerFrame } from './frames'

export type SocketStatus = 'connecting' | 'ready' | 'waiting' | 'offline' | 'stopped'

export interface SocketDeps {
  open(url: string, protocols: string[]): WebSocket
  url(): string
  /** A token that is good now; rejects with an `ApiError`. */
  credentials(): Promise<Credentials>
  /** Another one than `spent`. */
  renew(spent: string): Promise<Credentials>
  /** Calls back every so often, also in a tab in the background; returns how to stop. */
  every(ms: number, beat: () => void): () => void
  online(): boolean
}

export interface SocketEvents {
  frame(frame: ServerFrame): void
  status(status: SocketStatus, reason: StopReason | null): void
}

/** Until `hello` says otherwise. */
const HEARTBEAT_MS = 15_000
/** Of the server's heartbeat: a beat must be there before it is missed. */
const BEAT_SHARE = 0.8
/** Silence of this many heartbeats: the connection is dead, whatever the browser thinks. */
const SILENT_HEARTBEATS = 2.5
/** From the first byte to `hello`. */
const HANDSHAKE_MS = 10_000
/** A fresh token is sent this long before the old one ends. */
const AUTH_BEFORE_MS = 60_000
/** The browser does not say why an upgrade was refused; every so often the token is the suspect. */
const RENEW_EVERY_FAILURES = 3
/** So many closes for a fault of ours in a row, and it would only go on. */
const FAULTS_MAX = 3
/** After 4429: where the backoff begins. */
const RATE_LIMITED_ATTEMPT = 4

const NORMAL = 1000
const CLOSE = {
  protocol: 1002,
  tooBig: 1009,
  malformed: 4400,
  tokenExpired: 4401,
  sessionEnded: 4403,
  silent: 4408,
  tooManySockets: 4409,
  rateLimited: 4429,
} as const

export class Socket {
  private ws: WebSocket | null = null
  private status: SocketStatus = 'waiting'
  private stopReason: StopReason | null = null
  private used: Credentials | null = null
  private attempt = 0
  private failures = 0
  private faults = 0
  private heartbeatMs = HEARTBEAT_MS
  private heardAt = 0
  private stopBeating: (() => void) | null = null
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private handshakeTimer: ReturnType<typeof setTimeout> | undefined
  private authTimer: ReturnType<typeof setTimeout> | undefined
  /** Raised with each connection: what an earlier one still does is ignored. */
  private generation = 0

  constructor(
    private readonly deps: SocketDeps,
    private readonly events: SocketEvents,
  ) {}

  /** Connects now, unless it is connected, connecting, or stopped. */
  start(): void {
    if (this.status === 'stopped' || this.ws || this.status === 'connecting') return
    void this.connect()
  }

  /** The network or the user is back: whatever was waited for, it is tried at once. */
  hurry(): void {
    if (this.status === 'ready') return this.beat()
    if (this.status === 'connecting') return
    if (this.stopReason === 'session-ended') return
    this.stopReason = null
    this.attempt = 0
    void this.connect()
  }

  /** The device has no network: a socket that seems open only hides that. */
  offline(): void {
    if (this.status === 'stopped') return
    this.drop()
    this.become('offline')
  }

  /** False when it cannot be said now. */
  send(frame: ClientFrame): boolean {
    if (this.status !== 'ready' || this.ws?.readyState !== 1) return false
    this.ws.send(JSON.stringify(frame))
    return true
  }

  stop(): void {
    this.drop()
    this.become('stopped')
  }

  private async connect() {
    this.drop()
    if (!this.deps.online()) return this.become('offline')
    const mine = this.generation
    this.become('connecting')
    try {
      const suspect = this.failures > 0 && this.failures % RENEW_EVERY_FAILURES === 0 && this.used
      const held = suspect ? await this.deps.renew(suspect.token) : await this.deps.credentials()
      if (mine !== this.generation) return
      this.used = held
      this.listen(held.token)
    } catch (thrown) {
      if (mine !== this.generation) return
      if (asApiError(thrown).status === 401) this.stopFor('session-ended')
      else this.retryLater()
    }
  }

  private listen(token: string) {
    const ws = this.deps.open(this.deps.url(), ['warren.v1', `bearer.${token}`])
    const mine = this.generation
    this.ws = ws
    this.handshakeTimer = setTimeout(() => this.closed(0), HANDSHAKE_MS)
    ws.onmessage = ({ data }) => {
      if (mine === this.generation) this.heard(parseFrame(data))
    }
    ws.onclose = ({ code }) => {
      if (mine === this.generation) this.closed(code)
    }
  }

  private heard(frame: ServerFrame | null) {
    this.heardAt = Date.now()
    if (!frame) return
    if (frame.type === 'hello') this.greeted(frame.heartbeat_ms)
    if (frame.type === 'ready') this.readied()
    if (frame.type === 'draining') this.leaveIn(frame.reconnect_after_ms)
    this.events.frame(frame)
  }

  private greeted(heartbeatMs: number) {
    clearTimeout(this.handshakeTimer)
    this.failures = 0
    this.heartbeatMs = heartbeatMs
    this.stopBeating?.()
    this.stopBeating = this.deps.every(heartbeatMs * BEAT_SHARE, () => this.beat())
    this.scheduleAuth()
  }

  private readied() {
    this.attempt = 0
    this.faults = 0
    this.become('ready')
  }

  private beat() {
    if (Date.now() - this.heardAt > this.heartbeatMs * SILENT_HEARTBEATS) return this.closed(0)
    if (this.ws?.readyState === 1) this.ws.send(JSON.stringify({ type: 'ping' }))
  }

  private scheduleAuth() {
    clearTimeout(this.authTimer)
    const { used } = this
    if (!used) return
    const left = used.expiresAt - Date.now() - AUTH_BEFORE_MS
    this.authTimer = setTimeout(() => void this.authenticate(used), Math.max(0, left))
  }

  private async authenticate(spent: Credentials) {
    const mine = this.generation
    try {
      const fresh = await this.deps.renew(spent.token)
      if (mine !== this.generation) return
      this.used = fresh
      this.ws?.send(JSON.stringify({ type: 'auth', token: fresh.token }))
      this.scheduleAuth()
    } catch {
      // The server closes with 4401 when the old one ends; that has its own way back.
    }
  }

  /** The server goes away: leave when it says, before it closes. */
  private leaveIn(ms: number) {
    clearTimeout(this.retryTimer)
    this.retryTimer = setTimeout(() => void this.connect(), ms)
  }

  private closed(code: number) {
    const greeted = this.failures === 0 && this.stopBeating !== null
    if (!greeted) this.failures += 1
    switch (code) {
      case CLOSE.sessionEnded:
        return this.stopFor('session-ended')
      case CLOSE.tooManySockets:
        return this.stopFor('too-many-sockets')
      case CLOSE.protocol:
      case CLOSE.tooBig:
      case CLOSE.malformed:
        this.faults += 1
        return this.faults >= FAULTS_MAX ? this.stopFor('fault') : this.retryLater()
      case CLOSE.tokenExpired:
        return void this.renewAndConnect()
      case CLOSE.rateLimited:
        this.attempt = Math.max(this.attempt, RATE_LIMITED_ATTEMPT)
        return this.retryLater()
      default:
        return this.retryLater()
    }
  }

  private async renewAndConnect() {
    this.drop()
    const mine = this.generation
    this.become('connecting')
    try {
      if (this.used) await this.deps.renew(this.used.token)
      if (mine === this.generation) void this.connect()
    } catch (thrown) {
      if (mine !== this.generation) return
      if (asApiError(thrown).status === 401) this.stopFor('session-ended')
      else this.retryLater()
    }
  }

  private retryLater() {
    this.drop()
    if (!this.deps.online()) return this.become('offline')
    this.become('waiting')
    this.retryTimer = setTimeout(() => void this.connect(), backoffMs(this.attempt))
    this.attempt += 1
  }

  private stopFor(reason: StopReason) {
    this.drop()
    this.stopReason = reason
    this.become('stopped')
  }

  /** Lets go of the connection, if there is one, and of every timer. */
  private drop() {
    this.generation += 1
    clearTimeout(this.retryTimer)
    clearTimeout(this.handshakeTimer)
    clearTimeout(this.authTimer)
    this.stopBeating?.()
    this.stopBeating = null
    this.ws?.close(NORMAL)
    this.ws = null
  }

  private become(status: SocketStatus) {
    if (this.status === status) return
    this.status = status
    this.events.status(status, this.stopReason)
  }
}
