import { describe, expect, it } from 'vitest'
import type { Attachment, Message } from '~/api/wire'
import { monthsOf } from './shared'

const file = (id: string, picture = false) =>
  ({
    id,
    content_type: picture ? 'image/png' : 'text/plain',
    ...(picture && { width: 4, height: 3 }),
  }) as Attachment
const message = (date: Date, ...attachments: Attachment[]) =>
  ({ created_at: date.toISOString(), attachments }) as Message

describe('what was sent', () => {
  it('stands by months, pictures apart from other files, in the order in which it comes', () => {
    const newest = message(new Date(2026, 10, 3), file('a', true), file('b'), file('c', true))
    const older = message(new Date(2026, 10, 1), file('d'))
    const oldest = message(new Date(2026, 9, 31), file('e', true))
    const months = monthsOf([newest, older, oldest])
    const ids = (of: { file: Attachment }[]) => of.map(({ file }) => file.id).join()
    expect(months.map(({ pictures, others }) => [ids(pictures), ids(others)])).toEqual([
      ['a,c', 'b,d'],
      ['e', ''],
    ])
    expect(months[0]?.others[1]?.message).toBe(older)
  })

  it('is of the month that the reader has, and of the year', () => {
    const evening = message(new Date(2026, 9, 31, 23, 59), file('a'))
    const night = message(new Date(2026, 10, 1, 0, 1), file('b'))
    const before = message(new Date(2025, 10, 1), file('c'))
    expect(monthsOf([night, evening, before]).map(({ key }) => key)).toEqual([
      '2026-11',
      '2026-10',
      '2025-11',
    ])
  })
})
