/** However badly a client hears of a history, it ends as one that has just loaded it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelClient } from '../../tests/model/client'
import { ModelServer, type Op } from '../../tests/model/server'
import { emptyState, holes, reduce } from './reducer'

const index = fc.nat({ max: 1000 })

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('send' as const),
      at: index,
      by: index,
      mention: fc.boolean(),
      answers: fc.option(index),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom(...(['edit', 'delete', 'hide', 'react', 'pin'] as const)),
      at: index,
      message: index,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('receipt' as const),
      at: index,
      by: index,
      upTo: index,
      read: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom(...(['rename', 'clear', 'unlist', 'archive', 'removeOwn'] as const)),
      at: index,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('markUnread' as const), at: index, from: index }),
  },
)

const restore: fc.Arbitrary<Op> = fc.record({ op: fc.constant('restore' as const), at: index })

const kinds = fc.array(fc.constantFrom('direct' as const, 'channel' as const), {
  minLength: 1,
  maxLength: 4,
})

/** One thing that reaches the client, or that it does. Numbers are taken modulo what there is. */
const doing = fc.oneof(
  { weight: 10, arbitrary: fc.record({ does: fc.constant('hear' as const), which: index }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('heal' as const), at: index }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('sync' as const), at: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'before' as const,
        'after' as const,
        'around' as const,
        'newest' as const,
      ),
      at: index,
      which: index,
      seq: index,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('trim' as const), which: index, seq: index }),
  },
)
type Doing = typeof doing extends fc.Arbitrary<infer T> ? T : never

function live(client: ModelClient, server: ModelServer, step: Doing) {
  const rooms = [...client.state.rooms.values()]
  if (step.does === 'hear') {
    const told = server.frames[step.which % Math.max(1, server.frames.length)]
    // A database that came back ends every connection of before; `hello` tells the new epoch.
    if (!told || told.moment < server.began(client.state.epoch)) return
    client.hear(told)
    return
  }
  const moment = (n: number) => client.late(n)
  if (step.does === 'heal') return client.fulfil(holes(client.state), moment(step.at))
  if (step.does === 'sync') return client.sync(moment(step.at))
  const room = rooms[step.which % Math.max(1, rooms.length)]
  if (!room) return
  const { id, last_seq } = room.shared
  const seq = 1 + (step.seq % Math.max(1, last_seq))
  if (step.does === 'trim') {
    client.take({ type: 'trim', id, from: seq, to: seq + 5 })
  } else {
    const query = step.does === 'newest' ? {} : { [step.does]: seq }
    client.fulfil(client.load(id, query, moment(step.at)), server.last)
  }
}

function fresh(server: ModelServer): ModelClient {
  const client = new ModelClient(server)
  client.sync(server.last)
  return client
}

function expectSame(client: ModelClient, server: ModelServer) {
  const loaded = fresh(server)
  expect(client.list()).toEqual(loaded.list())
  client.loadAll(server.last)
  loaded.loadAll(server.last)
  expect(client.timelines()).toEqual(loaded.timelines())
  expect(client.list()).toEqual(loaded.list())
}

describe('a history that is heard of badly', () => {
  it('ends as a fresh load: any order, any loss, any repeat, any late answer, then one sync', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.array(op, { maxLength: 40 }),
        index,
        fc.array(doing, { maxLength: 60 }),
        (types, ops, start, steps) => {
          const server = new ModelServer(types, ops)
          const client = new ModelClient(server)
          client.sync(start % (server.last + 1))
          for (const step of steps) live(client, server, step)
          client.sync(server.last)
          expectSame(client, server)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('survives a database that came back from a backup', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.array(op, { minLength: 5, maxLength: 25 }),
        restore,
        fc.array(op, { maxLength: 10 }),
        fc.array(doing, { maxLength: 30 }),
        (types, before, back, after, steps) => {
          const server = new ModelServer(types, [...before, back, ...after])
          const client = new ModelClient(server)
          client.sync(before.length)
          for (const step of steps) live(client, server, step)
          client.sync(server.last)
          expectSame(client, server)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('needs no healing when everything arrives, in whatever order and however often', () => {
    const sends = fc.record({
      op: fc.constant('send' as const),
      at: index,
      by: index,
      mention: fc.boolean(),
      answers: fc.option(index),
    })
    const edits = fc.record({
      op: fc.constantFrom(...(['edit', 'react', 'pin'] as const)),
      at: index,
      message: index,
    })
    fc.assert(
      fc.property(
        kinds,
        fc
          .array(fc.oneof(sends, edits), { minLength: 1, maxLength: 30 })
          .chain((ops) =>
            fc.tuple(
              fc.constant(ops),
              fc.shuffledSubarray([...ops.keys(), ...ops.keys()], { minLength: ops.length * 2 }),
            ),
          ),
        (types, [ops, order]) => {
          const server = new ModelServer(types, ops)
          const client = new ModelClient(server)
          client.sync(0)
          for (const op of order) {
            for (const { moment, frame } of server.frames) {
              if (moment === op + 1) client.take({ type: 'frame', frame })
            }
          }
          expect(holes(client.state)).toEqual([])
          expectSame(client, server)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('someone who has another name or picture', () => {
  const user = { id: 'bob', username: 'bob', display_name: 'Bob', about: '', created_at: '', deleted: false } // prettier-ignore
  const marks = { delivered_seq: 0, read_seq: 0 }
  const me = { ...marks, version: 0, unread: 0, mentions: 0, archived: false, pinned: false, cleared_seq: 0, listed: true } // prettier-ignore
  const conversation = { id: 'chat', kind: 'direct' as const, peer: user, last_seq: 0, rev: 0, created_at: '', receipts: marks, me, view: 'tag' } // prettier-ignore

  it('has it in their conversation, and nothing else changes', () => {
    const { state } = reduce(emptyState('ada'), { type: 'conversation', id: 'chat', conversation })
    const changed = { ...user, display_name: 'Robert', avatar_url: '/v1/pictures/x' }
    const frame = { type: 'user.updated' as const, account_rev: 1, user: changed }
    const next = reduce(state, { type: 'frame', frame })
    expect(next.state.rooms.get('chat')).toEqual({ ...state.rooms.get('chat'), peer: changed })
    expect(next.needs).toEqual([])

    const stranger = { ...frame, user: { ...changed, id: 'cleo' } }
    expect(reduce(state, { type: 'frame', frame: stranger }).state).toBe(state)
  })
})
