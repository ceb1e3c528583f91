import { describe, expect, it } from 'vitest'
import { emojiDraft } from './emojiDraft'

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
})
