/**
 * One socket for the whole browser. The tab that holds the Web Lock leads: it has the socket, and
 * passes each frame on to the others, which say what they have to say through it. When it closes,
 * the browser gives the lock to the next.
 */
import type { StopReason } from '~/types/connection'
import type { ClientFrame, ServerFrame } from './frames'
import type { OutboxNotice } from './outbox'
import { Socket, type SocketDeps, type SocketStatus } from './socket'

export interface LinkEvents {
  frame(frame: ServerFrame): void
  status(status: SocketStatus, reason: StopReason | null): void
  /** This tab leads from now on. */
  leading(): void
  outbox(notice: OutboxNotice): void
}

/** What tabs say to each other. */
type Note =
  | { type: 'frame'; frame: ServerFrame }
  | { type: 'status'; status: SocketStatus; reason: StopReason | null }
  | { type: 'say'; frame: ClientFrame }
  | { type: 'watching'; tab: string; userIds: string[] }
  | { type: 'outbox'; notice: OutboxNotice }
  /** A tab has just come: who leads says how things are. */
  | { type: 'came' }
  /** A tab has just begun to lead: the others say what they watch. */
  | { type: 'leads' }
  | { type: 'hurry' }

/** The API's limit of people that one socket watches. */
const WATCHED_MAX = 500

export class Link {
  private readonly tab = crypto.randomUUID()
  private readonly channel: BroadcastChannel
  private readonly abort = new AbortController()
  private readonly watching = new Map<string, string[]>()
  private socket: Socket | null = null
  private status: { status: SocketStatus; reason: StopReason | null } = {
    status: 'connecting',
    reason: null,
  }
  private release: () => void = () => undefined

  constructor(
    userId: string,
    private readonly deps: SocketDeps,
    private readonly events: LinkEvents,
  ) {
    this.channel = new BroadcastChannel(`warren.link.${userId}`)
    this.channel.onmessage = ({ data }: MessageEvent<Note>) => this.hear(data)
    const { signal } = this.abort
    void navigator.locks
      .request(`warren.leader.${userId}`, { signal }, () => this.lead())
      .catch(() => undefined)
    this.post({ type: 'came' })
  }

  get leads(): boolean {
    return this.socket !== null
  }

  /** Says it through whoever leads. What cannot be said now is not said later. */
  say(frame: ClientFrame): void {
    if (this.socket) this.socket.send(frame)
    else this.post({ type: 'say', frame })
  }

  /** Whom this tab shows. */
  watch(userIds: string[]): void {
    this.watching.set(this.tab, userIds)
    if (this.socket) this.subscribe()
    else this.post({ type: 'watching', tab: this.tab, userIds })
  }

  /** To the outbox of every other tab. */
  tell(notice: OutboxNotice): void {
    this.post({ type: 'outbox', notice })
  }

  /** Tries at once, whatever it was waiting for. */
  hurry(): void {
    if (this.socket) this.socket.hurry()
    else this.post({ type: 'hurry' })
  }

  offline(): void {
    this.socket?.offline()
  }

  stop(): void {
    this.socket?.stop()
    this.socket = null
    this.release()
    this.abort.abort()
    this.channel.close()
  }

  private lead(): Promise<void> {
    this.socket = new Socket(this.deps, {
      frame: (frame) => {
        this.post({ type: 'frame', frame })
        this.events.frame(frame)
        if (frame.type === 'ready') this.subscribe()
      },
      status: (status, reason) => this.became(status, reason),
    })
    this.post({ type: 'leads' })
    this.events.leading()
    this.socket.start()
    return new Promise((resolve) => {
      this.release = resolve
    })
  }

  private became(status: SocketStatus, reason: StopReason | null) {
    this.status = { status, reason }
    this.post({ type: 'status', ...this.status })
    this.events.status(status, reason)
  }

  private hear(note: Note) {
    switch (note.type) {
      case 'frame':
        return this.events.frame(note.frame)
      case 'status':
        return this.events.status(note.status, note.reason)
      case 'outbox':
        return this.events.outbox(note.notice)
      case 'leads':
        return this.watch(this.watching.get(this.tab) ?? [])
      case 'came':
        if (this.socket) this.post({ type: 'status', ...this.status })
        return
      case 'say':
        this.socket?.send(note.frame)
        return
      case 'hurry':
        return this.socket?.hurry()
      case 'watching':
        this.watching.set(note.tab, note.userIds)
        if (this.socket) this.subscribe()
    }
  }

  private subscribe() {
    const all = new Set([...this.watching.values()].flat())
    // Nobody to watch: what was watched before costs nothing until the next set.
    if (all.size === 0) return
    this.socket?.send({ type: 'presence.subscribe', user_ids: [...all].slice(0, WATCHED_MAX) })
  }

  private post(note: Note) {
    this.channel.postMessage(note)
  }
}
