import { describe, expect, it } from 'vitest'
import { LastWords } from './lastWords'

function memory(limit = Infinity) {
  const kept = new Map<string, string>()
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => void kept.delete(key),
    setItem(key: string, value: string) {
      if (value.length > limit) throw new DOMException('full', 'QuotaExceededError')
      kept.set(key, value)
    },
  }
}

describe('last words', () => {
  it('are taken once, by the next page of the same user', () => {
    const storage = memory()
    new LastWords('ada', storage).leave([['chat', 'half a thou']])
    expect(new LastWords('bob', storage).take()).toEqual([])
    expect(new LastWords('ada', storage).take()).toEqual([['chat', 'half a thou']])
    expect(new LastWords('ada', storage).take()).toEqual([])
  })

  it('of several tabs are all there, the latest of each conversation', () => {
    const storage = memory()
    new LastWords('ada', storage).leave([
      ['a', 'old'],
      ['b', 'kept'],
    ])
    new LastWords('ada', storage).leave([['a', '']])
    expect(new Map(new LastWords('ada', storage).take())).toEqual(
      new Map([
        ['a', ''],
        ['b', 'kept'],
      ]),
    )
  })

  it('are lost, and nothing else, where there is no room or what is there is not theirs', () => {
    const full = memory(10)
    new LastWords('ada', full).leave([['chat', 'much more than there is room for']])
    expect(new LastWords('ada', full).take()).toEqual([])

    const foreign = memory()
    foreign.setItem('warren.last-words.ada', '{"not":')
    expect(new LastWords('ada', foreign).take()).toEqual([])
    foreign.setItem('warren.last-words.ada', '[["a"],["b","ok"],3]')
    expect(new LastWords('ada', foreign).take()).toEqual([['b', 'ok']])
  })
})
