import { describe, expect, it } from 'vitest'
import de from '../../i18n/locales/de.json'
import en from '../../i18n/locales/en.json'
import { say, textAt } from '~/language/say'
import { summaryOf } from './summary'

const files = (...types: string[]) =>
  types.map((content_type) => ({ content_type, name: 'plan.pdf' }))
const inEnglish = (...types: string[]) =>
  summaryOf(files(...types), (key, n) => say(textAt(en, key) ?? key, 'en', {}, n))
const inGerman = (...types: string[]) =>
  summaryOf(files(...types), (key, n) => say(textAt(de, key) ?? key, 'de', {}, n))

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

  it('are files, if they are of several kinds', () => {
    expect(inEnglish('image/png', 'application/pdf')).toBe('2 files')
    expect(inGerman('image/png', 'video/mp4')).toBe('2 Dateien')
  })

  it('are nothing, if there are none', () => {
    expect(inEnglish()).toBe('')
  })
})
