import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { View } from '~/api/wire'
import { Watermarks } from './watermarks'

const view = (delivered_seq: number, read_seq: number) => ({ delivered_seq, read_seq }) as View

describe('watermarks', () => {
  let said: string[]
  let marks: Watermarks

  beforeEach(() => {
    vi.useFakeTimers()
    said = []
    marks = new Watermarks((frame) => {
      if ('seq' in frame) said.push(`${frame.type} ${frame.conversation_id} ${frame.seq}`)
    })
  })
  afterEach(() => vi.useRealTimers())

  it('are said at once, then at most once a second, and only the highest', () => {
    for (const seq of [1, 2, 5, 4]) marks.raise('read', 'a', seq)
    expect(said).toEqual(['read a 1'])
    vi.advanceTimersByTime(999)
    expect(said).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(said).toEqual(['read a 1', 'read a 5'])
    vi.advanceTimersByTime(10_000)
    expect(said).toHaveLength(2)
  })

  it('of one conversation do not wait for another, nor the two kinds for each other', () => {
    marks.raise('read', 'a', 1)
    marks.raise('read', 'b', 1)
    marks.raise('delivered', 'a', 1)
    expect(said).toEqual(['read a 1', 'read b 1', 'delivered a 1'])
  })

  it('are said again when a sync shows that the server lacks them', () => {
    marks.raise('read', 'a', 5)
    vi.advanceTimersByTime(1000)
    marks.told('a', view(5, 5))
    expect(said).toEqual(['read a 5'])
    marks.told('a', view(0, 3))
    expect(said).toEqual(['read a 5', 'read a 5'])
  })

  it('that wait are said before the page goes', () => {
    marks.raise('read', 'a', 1)
    marks.raise('read', 'a', 2)
    marks.flush()
    expect(said).toEqual(['read a 1', 'read a 2'])
  })
})
