import { describe, expect, it } from 'vitest'
import { inTurns } from './inTurns'

const things = [1, 2, 3, 4, 5, 6, 7, 8]

describe('many requests', () => {
  it('are made a few at a time, each once', async () => {
    const done: number[] = []
    let running = 0
    let most = 0
    const undone = await inTurns(
      things,
      async (thing) => {
        most = Math.max(most, (running += 1))
        await Promise.resolve()
        running -= 1
        done.push(thing)
      },
      () => true,
    )
    expect(undone).toBeNull()
    expect(done.toSorted()).toEqual(things)
    expect(most).toBe(4)
  })

  it('go on after one that failed for itself, which is told', async () => {
    const done: number[] = []
    const act = async (thing: number) => {
      if (thing === 2) throw new Error('no')
      done.push(thing)
    }
    const undone = await inTurns(things, act, () => false)
    expect(undone).toEqual({ things: [2], error: new Error('no') })
    expect(done).toHaveLength(7)
  })

  it('end where the next would fail as well, and tell what was left', async () => {
    const undone = await inTurns(
      things,
      async () => {
        throw new Error('offline')
      },
      () => true,
    )
    expect(undone?.things.toSorted()).toEqual(things)
  })
})
