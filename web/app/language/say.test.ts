import { describe, expect, it } from 'vitest'
import { isolate } from './isolate'
import { pickLanguage } from './languages'
import { say, textAt } from './say'

describe('a text', () => {
  it('is found by its path, and nothing else is', () => {
    const texts = { a: { b: 'found' } }
    expect(textAt(texts, 'a.b')).toBe('found')
    for (const key of ['a', 'a.c', 'b', 'a.b.c', 'toString', 'a.constructor'])
      expect(textAt(texts, key)).toBeUndefined()
  })

  it('has its values, and none for what is missing', () => {
    expect(say('{a} and {b}', 'en-GB', { a: 'x', b: 7 })).toBe('x and 7')
    expect(say('{a}|{b}', 'en-GB', { a: '{b}' })).toBe('{b}|')
  })

  it.each([
    [0, '0 others'],
    [1, '1 other'],
    [2, '2 others'],
  ])('has a form for %i', (count, wanted) => {
    expect(say('{n} other | {n} others', 'en-GB', {}, count)).toBe(wanted)
  })

  it('sets a name apart whose script runs the other way', () => {
    expect(say('{name} left', 'en-GB', { name: 'مريم' })).toBe('\u2068مريم\u2069 left')
    expect(say('{name} left', 'en-GB', { name: 'Ada' })).toBe('Ada left')
    expect(isolate('a\u202eb')).toBe('\u2068a\u202eb\u2069')
  })
})

describe('the language', () => {
  it.each([
    ['de', ['en'], 'de'],
    [null, ['de-AT', 'en'], 'de'],
    [undefined, ['fr', 'de;q=0.8', ' en;q=0.7'], 'de'],
    ['xx', ['fr'], 'en'],
    ['toString', [], 'en'],
  ] as const)('chosen %s, asked for %j', (chosen, asked, wanted) => {
    expect(pickLanguage(chosen, asked)).toBe(wanted)
  })
})
