/**
 * Messages on their way: on the screen at once, kept on the device until the server has them, sent
 * in order for each conversation, each by the same `client_id` however often it is tried.
 *
 * Every tab shows the same entries; only the leading one sends.
 */
import type { Message, NewMessage } from '~/api/wire'
import { asApiError, type ErrorCode } from '~/api/error'
import { backoffMs } from './backoff'

export interface OutboxEntry {
  clientId: string
  conversationId: string
  body: string
  replyTo: Message['reply_to']
  attachments: Message['attachments']
  /** By this device's clock, RFC 3339: their order, and what is shown until the server says. */
  createdAt: string
  /** Why it will not be sent again by itself. */
  failure: { code: ErrorCode; requestId: string | null } | null
}

/** Where entries are kept, and how they are sent. */
export interface OutboxDeps {
  load(): Promise<OutboxEntry[]>
  save(entry: OutboxEntry): Promise<void>
  remove(clientId: string): Promise<void>
  /** Rejects with an `ApiError`. */
  send(conversationId: string, message: NewMessage): Promise<Message>
}

export type OutboxNotice =
  | { type: 'saved'; entry: OutboxEntry }
  | { type: 'removed'; clientId: string }
  | { type: 'sent'; clientId: string; message: Message }

export interface OutboxEvents {
  /** The entries changed. */
  changed(entries: readonly OutboxEntry[]): void
  /** The server has one. */
  sent(message: Message): void
  /** To the other tabs. */
  tell(notice: OutboxNotice): void
}

export class Outbox {
  private entries = new Map<string, OutboxEntry>()
  /** Conversations whose first entry is being sent, or waits to be tried again. */
  private readonly busy = new Map<string, ReturnType<typeof setTimeout> | null>()
  private readonly attempts = new Map<string, number>()
  /** Written down by this tab, and not on the disk yet. */
  private readonly unkept = new Set<string>()
  private leading = false
  private stopped = false

  constructor(
    private readonly deps: OutboxDeps,
    private readonly events: OutboxEvents,
  ) {}

  /** Takes up what an earlier page left behind. */
  async restore(): Promise<void> {
    for (const entry of await this.deps.load()) {
      if (!this.entries.has(entry.clientId)) this.entries.set(entry.clientId, entry)
    }
    this.changed()
    this.sendAll()
  }

  /** Puts one at the end. It is on the screen when this returns; it is sent when it is kept. */
  add(entry: OutboxEntry): void {
    this.show(entry)
    void this.keep(entry)
  }

  /** Tries a failed one again, in its old place. */
  retry(clientId: string): void {
    const entry = this.entries.get(clientId)
    if (!entry?.failure) return
    this.add({ ...entry, failure: null })
  }

  /** Forgets one that was not sent. */
  async discard(clientId: string): Promise<void> {
    this.drop(clientId)
    this.events.tell({ type: 'removed', clientId })
    await this.deps.remove(clientId)
  }

  /** What another tab did. */
  hear(notice: OutboxNotice): void {
    if (notice.type === 'saved') {
      this.show(notice.entry)
      return this.sendNext(notice.entry.conversationId)
    }
    if (notice.type === 'sent') this.events.sent(notice.message)
    this.drop(notice.clientId)
  }

  /** Whether this tab is the one that sends. */
  lead(leading: boolean): void {
    this.leading = leading
    if (leading) this.sendAll()
  }

  /** The network is back: nothing waits any longer. */
  hurry(): void {
    for (const [conversationId, timer] of this.busy) {
      if (timer === null) continue
      clearTimeout(timer)
      this.busy.delete(conversationId)
    }
    this.attempts.clear()
    this.sendAll()
  }

  stop(): void {
    this.stopped = true
    this.busy.forEach((timer) => timer && clearTimeout(timer))
    this.busy.clear()
  }

  private show(entry: OutboxEntry) {
    this.entries.set(entry.clientId, entry)
    this.changed()
  }

  private drop(clientId: string) {
    const entry = this.entries.get(clientId)
    if (!entry) return
    this.entries.delete(clientId)
    this.changed()
    this.sendNext(entry.conversationId)
  }

  private async keep(entry: OutboxEntry) {
    this.unkept.add(entry.clientId)
    await this.deps.save(entry)
    this.unkept.delete(entry.clientId)
    this.events.tell({ type: 'saved', entry })
    this.sendNext(entry.conversationId)
  }

  private changed() {
    this.events.changed([...this.entries.values()].sort(byTime))
  }

  private sendAll() {
    const conversations = new Set([...this.entries.values()].map((entry) => entry.conversationId))
    conversations.forEach((id) => this.sendNext(id))
  }

  /** Sends the oldest of a conversation that has not failed; the next follows when it is done. */
  private sendNext(conversationId: string) {
    if (!this.leading || this.stopped || this.busy.has(conversationId)) return
    const waiting = [...this.entries.values()]
      .filter((entry) => entry.conversationId === conversationId && !entry.failure)
      .sort(byTime)
    const next = waiting[0]
    if (!next || this.unkept.has(next.clientId)) return
    this.busy.set(conversationId, null)
    void this.send(next).finally(() => {
      if (this.busy.get(conversationId) === null) {
        this.busy.delete(conversationId)
        this.sendNext(conversationId)
      }
    })
  }

  private async send(entry: OutboxEntry): Promise<void> {
    const { clientId, conversationId, body, replyTo, attachments } = entry
    const message: NewMessage = {
      client_id: clientId,
      body,
      ...(replyTo && { reply_to: replyTo.message_id }),
      ...(attachments.length > 0 && { attachment_ids: attachments.map(({ id }) => id) }),
    }
    try {
      const sent = await this.deps.send(conversationId, message)
      if (this.stopped) return
      this.attempts.delete(conversationId)
      this.events.sent(sent)
      this.events.tell({ type: 'sent', clientId, message: sent })
      this.drop(clientId)
      await this.deps.remove(clientId)
    } catch (thrown) {
      if (!this.stopped) this.failed(entry, thrown)
    }
  }

  private failed(entry: OutboxEntry, thrown: unknown) {
    const error = asApiError(thrown)
    const { conversationId } = entry
    // The session may come back by signing in again: what was written is not lost by that.
    if (!error.passing && error.status !== 401) {
      if (!this.entries.has(entry.clientId)) return
      const { code, requestId } = error
      this.attempts.delete(conversationId)
      return this.add({ ...entry, failure: { code, requestId } })
    }
    const attempt = this.attempts.get(conversationId) ?? 0
    this.attempts.set(conversationId, attempt + 1)
    const timer = setTimeout(
      () => {
        this.busy.delete(conversationId)
        this.sendNext(conversationId)
      },
      Math.max(error.retryAfterMs ?? 0, backoffMs(attempt)),
    )
    this.busy.set(conversationId, timer)
  }
}

function byTime(a: OutboxEntry, b: OutboxEntry): number {
  return a.createdAt.localeCompare(b.createdAt) || a.clientId.localeCompare(b.clientId)
}
