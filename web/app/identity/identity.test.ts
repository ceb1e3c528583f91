import { describe, expect, it } from 'vitest'
import { hueClass, hueOf } from './hue'
import { initialsOf } from './initials'

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['  Grace  Brewster Murray Hopper ', 'GH'],
    ['(the) “One”', 'TO'],
    ['🐰 Warren', '🐰W'],
    ['e\u0301mile', 'E\u0301'],
    ['...', ''],
    ['', ''],
  ])('of %j are %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials)
  })
})

describe('hues', () => {
  it('are the same for the same id, and all twelve are in use', () => {
    const ids = Array.from({ length: 500 }, (_, n) => `0199${n}-7aaa`)
    expect(ids.map(hueOf)).toEqual(ids.map(hueOf))
    expect(new Set(ids.map(hueClass)).size).toBe(12)
  })
})
