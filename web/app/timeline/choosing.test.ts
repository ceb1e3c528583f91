import { describe, expect, it } from 'vitest'
import type { Message } from '~/api/wire'
import type { Room } from '~/realtime/room'
import { CHOSEN_MAX, remaining, toggled, withRange, type Chosen } from './choosing'

const message = (seq: number, more: Partial<Message> = {}) =>
  ({ id: `m${seq}`, seq, body: `text ${seq}`, ...more }) as Message
const order = Array.from({ length: CHOSEN_MAX + 20 }, (_, at) => message(at + 1))
const at = (seq: number) => message(seq)
const chosen = (...seqs: number[]): Chosen => new Map(seqs.map((seq) => [`m${seq}`, at(seq)]))
const ids = (of: Chosen) => [...of.keys()]
const room = (messages: Message[], { hidden = [] as string[], cleared = 0 } = {}) =>
  ({ messages, hidden: new Set(hidden), me: { cleared_seq: cleared } }) as unknown as Room

describe('choosing', () => {
  it('takes a message in, and out again', () => {
    const one = toggled(new Map(), at(1))
    expect(ids(one)).toEqual(['m1'])
    expect(ids(toggled(one, at(1)))).toEqual([])
  })

  it('takes what stands between two, in either direction', () => {
    expect(ids(withRange(chosen(3), order, 'm3', at(6)))).toEqual(['m3', 'm4', 'm5', 'm6'])
    expect(ids(withRange(chosen(3), order, 'm3', at(1)))).toEqual(['m3', 'm2', 'm1'])
  })

  it('takes one alone where the other end is out of the window', () => {
    expect(ids(withRange(chosen(3), order.slice(10), 'm3', at(15)))).toEqual(['m3', 'm15'])
  })

  it('ends at the bound, beginning where the reader was', () => {
    const full = withRange(chosen(1), order, 'm1', at(CHOSEN_MAX + 9))
    expect(full.size).toBe(CHOSEN_MAX)
    expect(full.has(`m${CHOSEN_MAX}`)).toBe(true)
    expect(toggled(full, at(CHOSEN_MAX + 9))).toBe(full)
    expect(toggled(full, at(1)).size).toBe(CHOSEN_MAX - 1)
  })
})

describe('what is chosen', () => {
  it('stays where the timeline has put it out of its window', () => {
    const before = chosen(1, 2)
    expect(remaining(before, room([]))).toBe(before)
  })

  it('leaves when it is deleted, hidden or cleared', () => {
    const deleted = message(3, { deleted_at: '2026-01-01T00:00:00Z' })
    const now = remaining(
      chosen(1, 2, 3, 4),
      room([at(1), at(2), deleted, at(4)], { hidden: ['m2'], cleared: 1 }),
    )
    expect(ids(now)).toEqual(['m4'])
  })

  it('is what it says now', () => {
    const edited = message(1, { body: 'better' })
    expect(remaining(chosen(1), room([edited])).get('m1')?.body).toBe('better')
  })
})
