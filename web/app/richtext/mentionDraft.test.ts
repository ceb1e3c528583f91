import { describe, expect, it } from 'vitest'
import { mentionDraft } from './mentionDraft'

const at = (text: string) => mentionDraft(text, text.length)

describe('a name that is being written', () => {
  it('begins with @, at the start or behind what is no word', () => {
    expect(at('@')).toEqual({ start: 0, term: '' })
    expect(at('hello @Ad')).toEqual({ start: 6, term: 'ad' })
    expect(at('(@ada')).toEqual({ start: 1, term: 'ada' })
    expect(at('line\n@a.b_1')).toEqual({ start: 5, term: 'a.b_1' })
  })

  it('is none in an address of mail, behind a space, or of another alphabet', () => {
    expect(at('ada@example')).toBe(null)
    expect(at('@ada and')).toBe(null)
    expect(at('@@')).toBe(null)
    expect(at('@мария')).toBe(null)
    expect(at('no')).toBe(null)
  })

  it('is the one before the caret', () => {
    expect(mentionDraft('@ad @bo', 3)).toEqual({ start: 0, term: 'ad' })
  })
})
