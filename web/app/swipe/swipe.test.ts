import { describe, expect, it } from 'vitest'
import { answers, courseOf, drawn, mayStart } from './swipe'

describe('a finger on a message', () => {
  it('is the browser’s at the edges', () => {
    expect([0, 24, 366, 390].map((x) => mayStart(x, 390))).toEqual([false, false, false, false])
    expect([25, 200, 365].map((x) => mayStart(x, 390))).toEqual([true, true, true])
  })

  it('means nothing yet while it has hardly moved', () => {
    expect(courseOf(6, 6, false)).toBe('open')
  })

  it('answers as one reads, and never the other way', () => {
    expect(courseOf(20, 3, false)).toBe('swipe')
    expect(courseOf(-20, 3, false)).toBe('other')
    expect(courseOf(-20, 3, true)).toBe('swipe')
    expect(courseOf(20, 3, true)).toBe('other')
  })

  it('scrolls where its line is steep', () => {
    expect(courseOf(0, 20, false)).toBe('other')
    expect(courseOf(20, 15, false)).toBe('other')
    expect(courseOf(20, -15, false)).toBe('other')
  })

  it('draws the bubble along, so far, and answers from the threshold on', () => {
    expect([-30, 30, 300].map((dx) => drawn(dx, false))).toEqual([0, 30, 72])
    expect(drawn(-30, true)).toBe(30)
    expect([0, 55, 56, 72].map(answers)).toEqual([false, false, true, true])
  })
})
