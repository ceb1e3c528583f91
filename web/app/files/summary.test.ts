import { describe, expect, it } from 'vitest'
import de from '../../i18n/locales/de.json'
import en from '../../i18n/locales/en.json'
import { say, textAt, type Texts, type Values } from '~/language/say'
import { summaryOf } from './summary'

const files = (...types: string[]) =>
  types.map((content_type) => ({ content_type, name: 'plan.pdf' }))
const speaker =
  (texts: Texts, language: string) =>
  (key: string, values: number | Values): string =>
    typeof values === 'number'
      ? say(textAt(texts, key) ?? key, language, {}, values)
      : say(textAt(texts, key) ?? key, language, values)
const inEnglish = (...types: string[]) => summaryOf(files(...types), speaker(en, 'en'))
const inGerman = (...types: string[]) => summaryOf(files(...types), speaker(de, 'de'))

describe('the files of a message in a word', () => {
  it('are of a kind, or counted', () => {
    expect(inEnglish('image/png')).toBe('Photo')
    expect(inEnglish('image/png', 'image/jpeg', 'image/gif')).toBe('3 photos')
    expect(inEnglish('video/mp4')).toBe('Video')
    expect(inEnglish('audio/ogg')).toBe('Audio')
    expect(inGerman('image/png')).toBe('Foto')
    expect(inGerman('audio/ogg', 'audio/mpeg')).toBe('2 Audiodateien')
  })

  it('go by their name, if it is one file and no more can be said', () => {
    expect(inEnglish('application/pdf')).toBe('plan.pdf')
    expect(inEnglish('application/pdf', 'text/plain')).toBe('2 files')
  })

  it('say how long a voice message is, if it is alone', () => {
    const note = { content_type: 'audio/webm', name: 'voice-2026-11-28-18.30.05-72s.webm' }
    const of = (count: number) =>
      summaryOf(
        Array.from({ length: count }, () => note),
        speaker(en, 'en'),
      )
    expect(of(1)).toMatch(/^Voice message \(.?1:12.?\)$/)
    expect(of(2)).toBe('2 audio files')
  })

  it('are files, if they are of several kinds', () => {
    expect(inEnglish('image/png', 'application/pdf')).toBe('2 files')
    expect(inGerman('image/png', 'video/mp4')).toBe('2 Dateien')
  })

  it('are nothing, if there are none', () => {
    expect(inEnglish()).toBe('')
  })
})
