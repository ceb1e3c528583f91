import { describe, expect, it } from 'vitest'
import en from '../../i18n/locales/en.json'
import type { Message } from '~/api/wire'
import { say, textAt, type Values } from '~/language/say'
import { copiedText } from './copied'

const message = (sender_id: string, body: string, files: string[] = []) =>
  ({
    sender_id,
    body,
    attachments: files.map((name) => ({ name, content_type: 'audio/webm' })),
  }) as Message
const told = {
  author: ({ sender_id: id }: Message) => id.toUpperCase(),
  time: () => '09:30',
  t: (key: string, values: number | Values) =>
    say(textAt(en, key) ?? key, 'en', typeof values === 'number' ? {} : values),
}

describe('what is copied of several messages', () => {
  it('is their texts alone, where one person wrote them', () => {
    expect(copiedText([message('ada', 'one'), message('ada', 'two\nlines')], told)).toBe(
      'one\ntwo\nlines',
    )
  })

  it('says who wrote what when, where several did', () => {
    expect(copiedText([message('ada', 'one'), message('bob', 'two')], told)).toBe(
      '[09:30] ADA: one\n[09:30] BOB: two',
    )
  })

  it('names files', () => {
    expect(copiedText([message('ada', '', ['a.png', 'b.png'])], told)).toBe('a.png\nb.png')
    expect(copiedText([message('ada', 'look', ['a.png'])], told)).toBe('look\na.png')
  })

  it('says how long a voice message is, whose name is for programs', () => {
    const note = message('ada', '', ['voice-2026-11-28-18.30.05-12s.webm'])
    expect(copiedText([note], told)).toBe('Voice message (0:12)')
  })
})
