import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transitions } from './transitions'
import type { Row } from './rows'

const message = (n: number) => ({ kind: 'message', key: `m${n}`, item: {} }) as unknown as Row
const day = { kind: 'day', key: 'day', at: '' } as Row
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => message(from + at))
const shifts = (before: Row[], after: Row[]) => transitions(before, after).map(({ shift }) => shift)

describe('rows that change', () => {
  it('at the end keep the place from the start', () => {
    expect(shifts([day, ...range(5, 9)], [day, ...range(5, 10)])).toEqual([false])
  })

  it('at the front keep it from the end, also when the day stays on top', () => {
    expect(shifts([day, ...range(5, 9)], [day, ...range(1, 9)])).toEqual([true])
    expect(shifts([day, ...range(1, 9)], [day, ...range(5, 9)])).toEqual([true])
  })

  it('at both ends change one after the other', () => {
    expect(shifts([day, ...range(5, 20)], [day, ...range(1, 15)])).toEqual([false, true])
  })

  it('altogether begin anew', () => {
    expect(shifts(range(1, 5), range(50, 60))).toEqual([false])
    expect(shifts([], range(1, 5))).toEqual([false])
  })

  it('always end as they should, each step changing one end alone', () => {
    const span = fc
      .tuple(fc.nat(30), fc.integer({ min: 1, max: 30 }))
      .map(([from, length]) => range(from, from + length))
    fc.assert(
      fc.property(span, span, (before, after) => {
        const steps = transitions(before, after)
        expect(steps.at(-1)?.rows).toEqual(after)
        let held: readonly Row[] = before
        for (const { rows, shift } of steps) {
          const kept = held.find((row) => rows.some(({ key }) => key === row.key))
          const place = (list: readonly Row[]) => list.findIndex(({ key }) => key === kept?.key)
          if (kept && !shift) expect(place(rows)).toBe(place(held))
          if (kept && shift) expect(rows.length - place(rows)).toBe(held.length - place(held))
          held = rows
        }
      }),
    )
  })
})
