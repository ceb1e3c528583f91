import { describe, expect, it } from 'vitest'
import { boxOf, isPicture } from './layout'

const file = { id: '1', name: 'x', content_type: 'image/png', size: 1, url: '' }

describe('a picture in a bubble', () => {
  it('keeps its proportions, and fits', () => {
    expect(boxOf({ width: 4000, height: 3000 })).toEqual({ width: 320, height: 240 })
    expect(boxOf({ width: 1000, height: 2000 })).toEqual({ width: 180, height: 360 })
  })

  it('is never drawn larger than it is, nor as a line', () => {
    expect(boxOf({ width: 200, height: 120 })).toEqual({ width: 200, height: 120 })
    expect(boxOf({ width: 8000, height: 10 })).toEqual({ width: 320, height: 96 })
    expect(boxOf({ width: 1, height: 1 })).toEqual({ width: 96, height: 96 })
  })

  it('is one whose size the server knows', () => {
    expect(isPicture({ ...file, width: 3, height: 4 })).toBe(true)
    expect(isPicture(file)).toBe(false)
    expect(isPicture({ ...file, content_type: 'video/mp4', width: 3, height: 4 })).toBe(false)
  })
})
