import { describe, expect, it } from 'vitest'
import { barsOf, levelOf, linesOf } from './levels'

const tone = (length: number, height: number) =>
  Float32Array.from({ length }, (_, at) => (at % 2 ? height : -height))

describe('a level', () => {
  it('goes from silence to the loudest there is', () => {
    expect(levelOf(tone(100, 1))).toBe(1)
    expect(levelOf(tone(100, 0))).toBe(0)
    expect(levelOf(new Float32Array(0))).toBe(0)
  })

  it('is as the ear hears: a tenth of the height is more than half of it', () => {
    expect(levelOf(tone(100, 0.1))).toBeCloseTo(0.6)
    // A room where nobody speaks.
    expect(levelOf(tone(100, 0.002))).toBe(0)
  })
})

describe('bars', () => {
  it('are as many as asked for, whatever the length', () => {
    for (const length of [0, 7, 8000]) expect(barsOf(tone(length, 0.5), 40)).toHaveLength(40)
  })

  it('show where it is loud, the loudest whole', () => {
    const samples = Float32Array.of(...tone(50, 0), ...tone(50, 0.02), ...tone(50, 0.2))
    const [silent, soft, loud] = barsOf(samples, 3)
    expect([silent, loud]).toEqual([0, 1])
    expect(soft).toBeGreaterThan(0)
    expect(soft).toBeLessThan(1)
  })

  it('of silence are none', () => {
    expect(barsOf(tone(100, 0), 2)).toEqual([0, 0])
  })

  it('are lines around the middle, each in its place', () => {
    expect(linesOf([0, 0.5, 1], 1, 3)).toBe('M1.5 0.25V0.75M2.5 0V1')
  })
})
