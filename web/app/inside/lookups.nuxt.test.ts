import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import { lookups } from './lookups'

const settled = () => vi.advanceTimersByTimeAsync(0)

describe('what is looked up', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('is asked for once, and again when it has become old', async () => {
    const ask = vi.fn(async (key: string) => `${key} ${ask.mock.calls.length}`)
    const { get } = lookups(ask)
    expect([get('a'), get('a')]).toEqual([undefined, undefined])
    await settled()
    expect([get('a')?.value, get('a')?.value]).toEqual(['a 1', 'a 1'])
    vi.advanceTimersByTime(299_000)
    get('a')
    expect(ask).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(2000)
    // The old answer stands until the new one is there.
    expect(get('a')?.value).toBe('a 1')
    await settled()
    expect(get('a')?.value).toBe('a 2')
  })

  it('is asked for a few at a time', async () => {
    const answers: (() => void)[] = []
    const ask = vi.fn(() => new Promise<void>((resolve) => answers.push(resolve)))
    const { get } = lookups(ask)
    for (const key of 'abcdef') get(key)
    expect(ask).toHaveBeenCalledTimes(4)
    answers[0]?.()
    await settled()
    expect(ask).toHaveBeenCalledTimes(5)
  })

  it('is asked for again soon where it failed for the moment, and not where it is gone', async () => {
    const ask = vi.fn(async (key: string) => {
      throw key === 'gone' ? new ApiError('not_found', 404) : new TypeError('no network')
    })
    const { get } = lookups(ask)
    for (const key of ['gone', 'late']) get(key)
    await settled()
    expect([get('gone')?.error?.code, get('late')?.error?.code]).toEqual(['not_found', 'network'])
    expect(ask).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(31_000)
    for (const key of ['gone', 'late']) get(key)
    expect(ask.mock.calls.map(([key]) => key)).toEqual(['gone', 'late', 'late'])
  })

  it('is forgotten: the oldest beyond 200, and all of it on demand, also what is on its way', async () => {
    const ask = vi.fn(async (key: string) => key)
    const { get, clear } = lookups(ask)
    for (let at = 0; at <= 200; at += 1) {
      get(String(at))
      await settled()
    }
    ask.mockClear()
    get('1')
    expect(ask).not.toHaveBeenCalled()
    get('0')
    expect(ask).toHaveBeenCalledExactlyOnceWith('0')
    clear()
    await settled()
    expect(get('0')).toBeUndefined()
  })
})
