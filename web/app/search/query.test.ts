import { describe, expect, it } from 'vitest'
import { addressOf, askedBy, filtersOf, searchQuery } from './query'

const nothing = { q: '', from: null, file: false, since: '', until: '' }
const all = { q: 'tea', from: 'ada', file: true, since: '2026-03-01', until: '2026-03-02' }

describe('a search', () => {
  it('is what its address says, and the other way round', () => {
    expect(askedBy(addressOf(all))).toEqual(all)
    expect(askedBy(addressOf(nothing))).toEqual(nothing)
    expect(addressOf(nothing)).toEqual({})
  })

  it('takes nothing from an address that it would not write', () => {
    expect(askedBy({ q: ['a'], has: 'cake', since: 'yesterday', until: 3 })).toEqual(nothing)
  })

  it('needs a word', () => {
    expect(searchQuery({ ...all, q: '  ' }, null)).toBe(null)
  })

  it('asks for whole days of the reader, the last one included', () => {
    const query = searchQuery(all, 'chat')
    expect(query).toMatchObject({ q: 'tea', from: 'ada', has: 'file', conversation_id: 'chat' })
    expect(Date.parse(query?.after ?? '')).toBe(new Date(2026, 2, 1).getTime() - 1)
    expect(Date.parse(query?.before ?? '')).toBe(new Date(2026, 2, 3).getTime())
  })

  it('counts what narrows it', () => {
    expect(filtersOf(nothing)).toBe(0)
    expect(filtersOf(all)).toBe(4)
  })
})
