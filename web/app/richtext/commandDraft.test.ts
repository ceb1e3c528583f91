import { describe, expect, it } from 'vitest'
import { commandDraft } from './commandDraft'

describe('a command that is being written', () => {
  it.each([
    ['/', ''],
    ['/Mu', 'mu'],
    ['/mute ', null],
    ['//mu', null],
    ['so /mu', null],
    ['so\n/mu', null],
    ['/usr/bin', null],
    ['', null],
  ])('in %j', (text, term) => {
    expect(commandDraft(text, text.length)).toEqual(term === null ? null : { start: 0, term })
  })

  it('is the one before the caret', () => {
    expect(commandDraft('/mute 1h', 3)).toEqual({ start: 0, term: 'mu' })
  })
})
