import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FOREVER } from '~/attention/forever'

const KEY = 'warren.quiet-until'
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()

describe('do not disturb', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date(2026, 10, 30, 12) })
    localStorage.clear()
    setActivePinia(createPinia())
  })
  afterEach(() => vi.useRealTimers())

  it('ends by itself, to the second', () => {
    const quiet = useQuiet()
    expect(quiet.on).toBe(false)
    quiet.begin(inMinutes(30))
    vi.advanceTimersByTime(30 * 60_000 - 1000)
    expect(quiet.on).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(quiet.on).toBe(false)
  })

  it('lasts until it is ended', () => {
    const quiet = useQuiet()
    quiet.begin(FOREVER)
    vi.advanceTimersByTime(7 * 24 * 3_600_000)
    expect(quiet.on).toBe(true)
    quiet.end()
    expect(quiet.on).toBe(false)
  })

  it('is over at its time, though a timer comes late', () => {
    const quiet = useQuiet()
    quiet.begin(inMinutes(1))
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(quiet.holds()).toBe(false)
    expect(quiet.on).toBe(false)
  })

  it('is what another tab made of it, and what the last visit did', async () => {
    const quiet = useQuiet()
    localStorage.setItem(KEY, inMinutes(5))
    window.dispatchEvent(
      new StorageEvent('storage', {
        key: KEY,
        newValue: localStorage.getItem(KEY),
        storageArea: localStorage,
      }),
    )
    await nextTick()
    expect(quiet.on).toBe(true)

    setActivePinia(createPinia())
    expect(useQuiet().on).toBe(true)
    localStorage.setItem(KEY, 'whenever')
    setActivePinia(createPinia())
    expect(useQuiet().on).toBe(false)
  })
})
