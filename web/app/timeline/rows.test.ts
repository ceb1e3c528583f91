import { describe, expect, it } from 'vitest'
import { timelineRows, type Row } from './rows'
import type { TimelineItem } from '~/types/timeline'

const NOON = new Date(2026, 10, 22, 12).getTime()
const MINUTE_MS = 60_000

function item(
  seq: number,
  sender: string,
  minutes: number,
  kind: 'text' | 'system' = 'text',
): TimelineItem {
  const created_at = new Date(NOON + minutes * MINUTE_MS).toISOString()
  const message = { seq, sender_id: sender, kind, created_at } as TimelineItem['message']
  return { key: `m${seq}`, message, mine: false, state: null, failure: null }
}

/** `m1<>`: the first and the last of its group. */
function shape(rows: Row[]): string[] {
  return rows.map((row) =>
    row.kind === 'message' ? `${row.key}${row.first ? '<' : ''}${row.last ? '>' : ''}` : row.kind,
  )
}
const none = { dividerSeq: null, complete: false }

describe('the rows of a timeline', () => {
  it('group one author within five minutes', () => {
    const items = [item(1, 'a', 0), item(2, 'a', 4), item(3, 'a', 9), item(4, 'b', 9)]
    expect(shape(timelineRows(items, none))).toEqual(['day', 'm1<', 'm2>', 'm3<>', 'm4<>'])
  })

  it('do not group over a day, a system message or what is new', () => {
    const items = [
      item(1, 'a', 0),
      item(2, 'a', 0, 'system'),
      item(3, 'a', 1),
      item(4, 'a', 2),
      item(5, 'a', 719),
      item(6, 'a', 721),
    ]
    expect(shape(timelineRows(items, { dividerSeq: 4, complete: true }))).toEqual([
      'beginning',
      'day',
      'm1<>',
      'system',
      'm3<>',
      'new',
      'm4<>',
      'm5<>',
      'day',
      'm6<>',
    ])
  })

  it('divide once, before the first that is new', () => {
    const rows = timelineRows([item(3, 'a', 0), item(5, 'a', 1), item(6, 'a', 2)], {
      dividerSeq: 4,
      complete: false,
    })
    expect(shape(rows)).toEqual(['day', 'm3<>', 'new', 'm5<', 'm6>'])
  })

  it('have keys that stay when older ones come', () => {
    const newer = [item(3, 'a', 3), item(4, 'b', 4)]
    const keys = timelineRows(newer, none).map(({ key }) => key)
    const more = timelineRows([item(1, 'a', 1), ...newer], none).map(({ key }) => key)
    expect(more).toEqual(expect.arrayContaining(keys))
    expect(new Set(more).size).toBe(more.length)
  })
})
