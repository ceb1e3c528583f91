/** A client for property tests: the reducer, with a model server that answers its needs. */
import type { Message } from '~/api/wire'
import type { ServerFrame } from '~/realtime/frames'
import {
  emptyState,
  reduce,
  syncRequest,
  type Input,
  type Need,
  type State,
} from '~/realtime/reducer'
import { LIVE, liveSpan } from '~/realtime/spans'
import { countUnread } from '~/realtime/unread'
import { OWN, type ModelServer } from './server'

/** More rounds than any history here needs: beyond it the two never agree. */
const ROUNDS = 500

/** So many things may come while a request is on its way. */
const LATE_STEPS = 6

export class ModelClient {
  state: State = emptyState(OWN)
  /** Of each step, up to which moment the client had heard of anything before it. */
  private readonly heardOf = [0]
  /** The newest moment at which a conversation was met for the first time. */
  private met = 0

  constructor(private readonly server: ModelServer) {}

  take(input: Input, at = 0): readonly Need[] {
    const step = reduce(this.state, input)
    if ([...step.state.rooms.keys()].some((id) => !this.state.rooms.has(id))) this.met = at
    this.heardOf.push(Math.max(at, this.heardOf.at(-1) ?? 0))
    this.state = step.state
    return step.needs
  }

  /** A frame. What it then needs is lost, as if the request had failed: sync heals that, too. */
  hear({ moment, frame }: { moment: number; frame: ServerFrame }) {
    this.take({ type: 'epoch', epoch: this.server.epoch(moment) }, moment)
    this.take({ type: 'frame', frame }, moment)
  }

  /**
   * A moment whose snapshot may be answered now: of a request that was on its way while a few other
   * things came, none from before it was sent.
   */
  late(n: number): number {
    const sent = Math.max(this.heardOf.at(-LATE_STEPS) ?? 0, this.met)
    const from = Math.max(sent, this.server.began(this.state.epoch))
    return from + (n % (this.server.last - from + 1))
  }

  /** Whatever it needs, from a snapshot at `at`. */
  fulfil(needs: readonly Need[], at: number) {
    const open = [...needs]
    for (let round = 0; round < ROUNDS; round += 1) {
      const need = open.pop()
      if (!need) return
      open.push(...this.ask(need, at))
    }
    throw new Error(`the server never satisfies the client: ${JSON.stringify(open)}`)
  }

  private ask(need: Need, at: number): readonly Need[] {
    if (need.type === 'sync') {
      this.sync(at)
      return []
    }
    const { id } = need
    if (need.type === 'conversation') {
      const conversation = this.server.conversation(at, id)
      return this.take({ type: 'conversation', id, conversation }, at)
    }
    if (need.type === 'changes') {
      const changes = this.server.changes(at, id, need.since)
      return changes ? this.take({ type: 'changes', id, changes }, at) : this.gone(id)
    }
    return this.load(id, need.around === undefined ? {} : { around: need.around }, at)
  }

  private gone(id: string) {
    return this.take({ type: 'conversation', id, conversation: null })
  }

  load(id: string, query: { before?: number; after?: number; around?: number }, at: number) {
    const page = this.server.page(at, id, query)
    return page ? this.take({ type: 'page', id, query, page }, at) : this.gone(id)
  }

  sync(at: number) {
    let cursor: string | null = null
    do {
      const answer = this.server.sync(at, syncRequest(this.state, cursor))
      cursor = answer.next_cursor ?? null
      this.fulfil(this.take({ type: 'sync', answer }, at), at)
    } while (cursor)
  }

  /** Scrolls every timeline to its beginning. */
  loadAll(at: number) {
    for (const id of this.state.rooms.keys()) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const from = liveSpan(this.state.rooms.get(id)?.spans ?? [])?.from ?? LIVE
        if (from <= 1) break
        this.fulfil(this.load(id, from === LIVE ? {} : { before: from }, at), at)
      }
    }
  }

  /** What the user sees of the list. */
  list() {
    return [...this.state.rooms.values()]
      .filter(({ me }) => me.listed)
      .map((room) => ({
        // The newest `seq` is told to nobody whom its message is hidden from.
        shared: { ...room.shared, rev: room.rev, last_seq: null },
        me: { ...room.me, ...countUnread(room) },
        receipts: room.receipts,
        last: quoting(this.visible(room.shared.id).at(-1), []),
      }))
      .sort((a, b) => a.shared.id.localeCompare(b.shared.id))
  }

  /** What the user sees of a timeline. */
  visible(id: string): Message[] {
    const room = this.state.rooms.get(id)
    return (room?.messages ?? []).filter((message) => !room?.hidden.has(message.id))
  }

  timelines() {
    return this.list().map(({ shared }) => {
      const visible = this.visible(shared.id)
      return visible.map((message) => quoting(message, visible))
    })
  }
}

/** A message with what the one it answers says now, if that is held: the rest is of some moment. */
function quoting(message: Message | undefined, held: readonly Message[]) {
  const reply_to = message?.reply_to
  if (!reply_to) return message
  const excerpt = held.find(({ seq }) => seq === reply_to.seq)?.body ?? ''
  return { ...message, reply_to: { ...reply_to, excerpt } }
}
