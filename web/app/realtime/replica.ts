/**
 * The reducer's hands: holds the state, asks the API for what it needs, fills holes that stay open,
 * and syncs. One for each tab; it knows nothing of sockets.
 */
import type {
  Changes,
  Conversation,
  MessagePage,
  SyncRequest,
  SyncResponse,
  View,
} from '~/api/wire'
import { asApiError } from '~/api/error'
import {
  emptyState,
  holes,
  reduce,
  syncRequest,
  type Input,
  type Need,
  type State,
} from './reducer'
import type { PageQuery } from './room/held'

/** What the replica asks of the API; each rejects with an `ApiError`. */
export interface ReplicaApi {
  conversation(id: string): Promise<Conversation>
  changes(id: string, since: number): Promise<Changes>
  page(id: string, query: PageQuery): Promise<MessagePage>
  sync(request: SyncRequest): Promise<SyncResponse>
}

export interface ReplicaEvents {
  /** After each change. */
  changed(state: State, before: State): void
  /** What the server says of the caller's own view, as `sync` told it. */
  told(id: string, me: View): void
  /** Contacts, friends, requests, blocks, groups or roles changed unheard. */
  accountMoved(): void
}

/** An event out of order is the common reason for a hole: it is given this long to close. */
const HOLE_PATIENCE_MS = 500
const HOLE_JITTER_MS = 1000
/** A lost last event goes unseen for at most this long; the moment within is random. */
const SYNC_EVERY_MS = 60_000
/** Answers to one sync, at most: beyond it something is wrong, and the next one tries again. */
const SYNC_ANSWERS_MAX = 100

export class Replica {
  private current: State
  private readonly asking = new Map<string, Promise<void>>()
  private holeTimer: ReturnType<typeof setTimeout> | undefined
  private syncTimer: ReturnType<typeof setTimeout> | undefined
  private syncing: Promise<void> | undefined
  private syncAgain = false
  private stopped = false

  constructor(
    own: string,
    private readonly api: ReplicaApi,
    private readonly events: ReplicaEvents,
  ) {
    this.current = emptyState(own)
  }

  get state(): State {
    return this.current
  }

  /** Takes in what happened, and asks for what it makes necessary. */
  take(input: Input): void {
    for (const need of this.reduce(input)) void this.ask(need)
    this.watchHoles()
  }

  /** A change of people or groups that a frame told of: a jump means that others were missed. */
  takeAccount(rev: number): void {
    const known = this.current.accountRev
    this.take({ type: 'account', rev })
    if (known !== null && rev > known + 1) this.events.accountMoved()
  }

  /** Loads a page of a timeline; throws an `ApiError`. */
  async load(id: string, query: PageQuery): Promise<void> {
    const page = await this.api.page(id, query)
    this.take({ type: 'page', id, query, page })
  }

  /** Asks for a conversation anew; throws an `ApiError` for anything but that there is none. */
  async lookAt(id: string): Promise<void> {
    try {
      this.take({ type: 'conversation', id, conversation: await this.api.conversation(id) })
    } catch (thrown) {
      if (asApiError(thrown).code !== 'not_found') throw thrown
      this.take({ type: 'conversation', id, conversation: null })
    }
  }

  /**
   * Catches up on everything; throws an `ApiError`. Who asks while one is under way waits for
   * another: the one under way may have read before what they heard of.
   */
  sync(): Promise<void> {
    if (this.syncing) this.syncAgain = true
    this.syncing ??= this.syncUntilQuiet().finally(() => {
      this.syncing = undefined
    })
    return this.syncing
  }

  /** Ends all timers; answers that come later are dropped. */
  stop(): void {
    this.stopped = true
    clearTimeout(this.holeTimer)
    clearTimeout(this.syncTimer)
  }

  private reduce(input: Input): readonly Need[] {
    if (this.stopped) return []
    const before = this.current
    const { state, needs } = reduce(before, input)
    this.current = state
    if (state !== before) this.events.changed(state, before)
    return needs
  }

  private async syncUntilQuiet(): Promise<void> {
    try {
      do {
        this.syncAgain = false
        await this.syncOnce()
      } while (this.syncAgain && !this.stopped)
    } finally {
      this.scheduleSync()
    }
  }

  private async syncOnce(): Promise<void> {
    const accountRev = this.current.accountRev
    let cursor: string | null = null
    const needs: Need[] = []
    for (let answers = 0; answers < SYNC_ANSWERS_MAX && !this.stopped; answers += 1) {
      const answer: SyncResponse = await this.api.sync(syncRequest(this.current, cursor))
      needs.push(...this.reduce({ type: 'sync', answer }))
      for (const { id, me } of answer.conversations) this.events.told(id, me)
      for (const [id, { me }] of Object.entries(answer.views)) this.events.told(id, me)
      cursor = answer.next_cursor ?? null
      if (!cursor) break
    }
    if (accountRev !== null && this.current.accountRev !== accountRev) this.events.accountMoved()
    await Promise.all(needs.map((need) => this.ask(need)))
    this.watchHoles()
  }

  private scheduleSync() {
    clearTimeout(this.syncTimer)
    if (this.stopped) return
    const after = SYNC_EVERY_MS * (0.5 + Math.random() / 2)
    // What fails now is tried again by the next one; the connection's state is told elsewhere.
    this.syncTimer = setTimeout(() => void this.sync().catch(() => undefined), after)
  }

  /** Each thing is asked once at a time. A failure is left to the next sync. */
  private ask(need: Need): Promise<void> {
    const key = JSON.stringify(need)
    const asked =
      this.asking.get(key) ??
      this.fulfil(need)
        .catch(() => undefined)
        .finally(() => this.asking.delete(key))
    this.asking.set(key, asked)
    return asked
  }

  private async fulfil(need: Need): Promise<void> {
    if (need.type === 'sync') {
      this.syncAgain = true
      if (!this.syncing) await this.sync()
      return
    }
    const { id } = need
    if (need.type === 'conversation') return await this.lookAt(id)
    if (need.type === 'messages') {
      return await this.load(id, need.around === undefined ? {} : { around: need.around })
    }
    try {
      this.take({ type: 'changes', id, changes: await this.api.changes(id, need.since) })
    } catch (thrown) {
      if (asApiError(thrown).code === 'not_found') await this.lookAt(id)
      else throw thrown
    }
  }

  private watchHoles() {
    if (this.holeTimer || this.stopped || holes(this.current).length === 0) return
    const patience = HOLE_PATIENCE_MS + Math.random() * HOLE_JITTER_MS
    this.holeTimer = setTimeout(() => {
      this.holeTimer = undefined
      const asked = holes(this.current).map((need) => this.ask(need))
      void Promise.all(asked).then(() => this.watchHoles())
    }, patience)
  }
}
