import { describe, expect, it } from 'vitest'
import { matches } from './match'

describe('what is typed', () => {
  it('means what has words that begin so, in any order', () => {
    expect(matches('lov ad', ['Ada Lovelace'])).toBe(true)
    expect(matches('da', ['Ada Lovelace'])).toBe(false)
    expect(matches('ada_9', ['Ada', 'ada_99'])).toBe(true)
  })

  it('knows no case and no accents', () => {
    expect(matches('ANDRE CITROEN', ['André Citroën'])).toBe(true)
    expect(matches('עדה', ['עדה לאבלייס'])).toBe(true)
  })

  it('means everything while it is empty', () => {
    expect(matches(' ', ['Ada'])).toBe(true)
  })
})
