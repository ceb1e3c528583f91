import { describe, expect, it } from 'vitest'
import { completed } from './wordDraft'

describe('a word that is completed', () => {
  it('is replaced as far as the caret, with one space behind it', () => {
    const draft = { start: 3, term: 'a' }
    expect(completed('hi @a', 5, draft, '@ada')).toEqual({ text: 'hi @ada ', caret: 8 })
    expect(completed('hi @a there', 5, draft, '@ada')).toEqual({
      text: 'hi @ada there',
      caret: 8,
    })
  })

  it('is as long as an emoji is, for the caret', () => {
    const draft = { start: 3, term: 'tea' }
    expect(completed('so :tea later', 7, draft, '🫖')).toEqual({ text: 'so 🫖 later', caret: 6 })
  })
})
