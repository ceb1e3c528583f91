import { describe, expect, it } from 'vitest'
import { isEditable } from './editing'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const MINUTE = 60_000
const message = {
  kind: 'text' as const,
  sender_id: 'ada',
  created_at: '2026-11-22T12:00:00Z',
  deleted_at: null,
}

describe('a message can be edited', () => {
  it('by its author, for a quarter of an hour', () => {
    expect(isEditable(message, 'ada', NOON)).toBe(true)
    expect(isEditable(message, 'ada', NOON + 15 * MINUTE - 1)).toBe(true)
    expect(isEditable(message, 'ada', NOON + 15 * MINUTE)).toBe(false)
    expect(isEditable(message, 'bob', NOON)).toBe(false)
  })

  it('unless it is deleted, or the system wrote it', () => {
    expect(isEditable({ ...message, deleted_at: message.created_at }, 'ada', NOON)).toBe(false)
    expect(isEditable({ ...message, kind: 'system' }, 'ada', NOON)).toBe(false)
  })
})
