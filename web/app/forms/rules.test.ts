import { describe, expect, it } from 'vitest'
import { atMost, equals, faultsOf, newPassword, required, username } from './rules'

describe('rules', () => {
  it.each(['ada', 'Ada', ' a.b_9 ', 'x'.repeat(32)])('take the username %j', (value) => {
    expect(username(value)).toBeNull()
  })
  it.each(['', 'ab', 'a b c', 'ädа', 'x'.repeat(33), 'a-b-c'])(
    'refuse the username %j',
    (value) => {
      expect(username(value)).toEqual({ key: 'field.username' })
    },
  )
  it('count characters, not code units', () => {
    expect(newPassword('🐰'.repeat(7))).toEqual({ key: 'field.password_short' })
    expect(newPassword('🐰'.repeat(8))).toBeNull()
    expect(newPassword('x'.repeat(129))).toEqual({ key: 'field.password_long' })
    expect(atMost(2)('🐰🐰')).toBeNull()
    expect(atMost(2)('🐰🐰🐰')).toEqual({ key: 'field.too_long', values: { max: 2 } })
  })
  it('name the first fault of each field', () => {
    const rules = { name: [required, equals('ada')], about: [atMost(3)] }
    expect(faultsOf({ name: ' ', about: 'abcd' }, rules)).toEqual([
      { name: 'name', fault: { key: 'field.required' } },
      { name: 'about', fault: { key: 'field.too_long', values: { max: 3 } } },
    ])
    expect(faultsOf({ name: 'ada', about: '' }, rules)).toEqual([])
  })
})
