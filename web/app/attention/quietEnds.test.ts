import { describe, expect, it } from 'vitest'
import { FOREVER } from './forever'
import { quietEnd } from './quietEnds'

const end = (...choice: Parameters<typeof quietEnd>) => new Date(quietEnd(...choice))

describe('not to be disturbed', () => {
  const noon = new Date(2026, 10, 30, 12, 10)

  it('for half an hour, and for one', () => {
    expect(end('half_hour', noon)).toEqual(new Date(2026, 10, 30, 12, 40))
    expect(end('hour', noon)).toEqual(new Date(2026, 10, 30, 13, 10))
  })

  it.each([
    [noon, new Date(2026, 11, 1, 8)],
    [new Date(2026, 10, 30, 23, 59), new Date(2026, 11, 1, 8)],
    [new Date(2026, 10, 30, 7), new Date(2026, 11, 1, 8)],
    // In the night, the morning that comes.
    [new Date(2026, 10, 30, 2), new Date(2026, 10, 30, 8)],
  ])('until tomorrow morning, asked at %s', (now, morning) => {
    expect(end('morning', now)).toEqual(morning)
  })

  it('until it is turned off', () => {
    expect(quietEnd('forever', noon)).toBe(FOREVER)
  })
})
