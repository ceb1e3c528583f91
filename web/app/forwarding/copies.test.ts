import { describe, expect, it } from 'vitest'
import { ApiError } from '~/api/error'
import type { Attachment } from '~/api/wire'
import type { Upload } from '~/stores/uploads'
import { together } from './copies'

const copy = (key: string, more: Partial<Upload> = {}) =>
  ({ key, progress: 0, attachment: null, error: null, ...more }) as Upload
const there = { id: 'a' } as Attachment

describe('a file on its way to several chats', () => {
  it('is as far as its copies are together', () => {
    const one = together([copy('a', { progress: 1, attachment: there }), copy('b')])
    expect(one).toMatchObject({ key: 'a', progress: 0.5, attachment: null })
  })

  it('is there once all of them are', () => {
    const whole = { progress: 1, attachment: there }
    expect(together([copy('a', whole), copy('b', whole)])?.attachment).toBe(there)
  })

  it('has failed where one has', () => {
    const error = new ApiError('unavailable', 503)
    expect(together([copy('a'), copy('b', { error })])?.error).toBe(error)
    expect(together([])).toBeNull()
  })
})
