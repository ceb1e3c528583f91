import { describe, expect, it } from 'vitest'
import { emojiDraft, withEmoji } from './emojiDraft'

describe('the name of an emoji', () => {
  it.each([
    [':sm', { start: 0, term: 'sm' }],
    ['so :Thumb', { start: 3, term: 'thumb' }],
    ['(:+1', { start: 1, term: '+1' }],
    ['line\n:grün', { start: 5, term: 'grün' }],
    [':s', null],
    ['at 10:30', null],
    ['https://a', null],
    [':-)', null],
    [':smile: ', null],
  ])('in %j', (text, draft) => {
    expect(emojiDraft(text, text.length)).toEqual(draft)
  })

  it('gives way to the emoji, and leaves what follows', () => {
    const draft = { start: 3, term: 'tea' }
    expect(withEmoji('so :tea later', 7, draft, '🫖')).toEqual({ text: 'so 🫖 later', caret: 6 })
  })
})
