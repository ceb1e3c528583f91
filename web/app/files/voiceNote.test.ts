import { describe, expect, it } from 'vitest'
import type { Attachment } from '~/api/wire'
import { formatOf, voiceName } from '~/sound/format'
import { iconOf } from './icon'
import { clockText, voiceSeconds } from './voiceNote'

const NAME = 'voice-2026-11-28-18.30.05-12s.webm'
const secondsOf = (name: string, content_type = 'audio/webm') =>
  voiceSeconds({ name, content_type })

describe('a voice note', () => {
  it('is sound whose name ends in its length', () => {
    expect(secondsOf(NAME)).toBe(12)
  })

  it.each([
    'voice-of-the-city.mp3',
    'voice-12s.webm',
    'voice-of-11-28-18.30.05-12s.webm',
    `my-${NAME}`,
    'song.webm',
    `${NAME}.txt.exe`,
  ])('is not what is called %s', (name) => expect(secondsOf(name)).toBeNull())

  it('is no film, whatever that is called', () => {
    expect(secondsOf(NAME, 'video/webm')).toBeNull()
  })

  it.each(['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'])(
    'that was recorded as %s is known by its name',
    (mime) => {
      const format = formatOf((candidate) => candidate === mime)
      if (!format) throw new Error(mime)
      const name = voiceName(new Date(2026, 0, 2, 3, 4, 5), 61_400, format)
      expect(name).toBe(`voice-2026-01-02-03.04.05-61s.${format.extension}`)
      expect(secondsOf(name, format.type)).toBe(61)
    },
  )

  it('is recorded in the best form that a browser has, if there is any', () => {
    expect(formatOf(() => true)?.type).toBe('audio/webm')
    expect(formatOf(() => false)).toBeUndefined()
  })

  it('has the sign of a microphone, and music its own', () => {
    const signOf = (name: string) => iconOf({ name, content_type: 'audio/webm' } as Attachment)
    expect([signOf(NAME), signOf('song.webm')]).toEqual(['i-lucide-mic', 'i-lucide-music'])
  })

  it('never lasts no time at all', () => {
    const format = formatOf(() => true)
    expect(format && secondsOf(voiceName(new Date(), 300, format))).toBe(1)
  })
})

describe('a length', () => {
  it.each([
    [0, '0:00'],
    [9.9, '0:09'],
    [61, '1:01'],
    [600, '10:00'],
  ])('of %d seconds is written %s', (seconds, text) => expect(clockText(seconds)).toBe(text))
})
