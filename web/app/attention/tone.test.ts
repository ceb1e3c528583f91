import { beforeEach, describe, expect, it, vi } from 'vitest'

/** A browser whose sounds are counted; `state` is what its audio comes to when it is asked. */
function browser({ touched = true, state = 'running' } = {}) {
  const made = { contexts: 0, notes: 0 }
  class Node {
    gain = { setValueAtTime() {}, exponentialRampToValueAtTime() {} }
    connect = (to: unknown) => to
    stop() {}
    start() {
      made.notes += 1
    }
  }
  class AudioContext {
    state = 'suspended'
    currentTime = 0
    constructor() {
      made.contexts += 1
    }
    resume() {
      this.state = state
      return state === 'running' ? Promise.resolve() : new Promise(() => undefined)
    }
  }
  vi.stubGlobal('navigator', { userActivation: { hasBeenActive: touched } })
  vi.stubGlobal('window', { AudioContext })
  vi.stubGlobal('AudioContext', AudioContext)
  vi.stubGlobal('OscillatorNode', Node)
  vi.stubGlobal('GainNode', Node)
  return made
}

describe('the tone', () => {
  beforeEach(() => {
    vi.resetModules()
    return () => vi.unstubAllGlobals()
  })

  it('is two notes, and one tone for what comes together', async () => {
    const made = browser()
    const { ring } = await import('./tone')
    expect([await ring(), await ring()]).toEqual([true, true])
    expect(made).toEqual({ contexts: 1, notes: 2 })
  })

  it('does not ask for what a browser would warn of', async () => {
    const made = browser({ touched: false })
    const { ring } = await import('./tone')
    expect(await ring()).toBe(false)
    expect(made).toEqual({ contexts: 0, notes: 0 })
  })

  it('says so where it is not allowed to sound', async () => {
    const made = browser({ state: 'suspended' })
    const { ring } = await import('./tone')
    expect(await ring()).toBe(false)
    expect(made.notes).toBe(0)
  })
})
