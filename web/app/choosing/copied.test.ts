import { describe, expect, it } from 'vitest'
import type { Message } from '~/api/wire'
import { copiedText } from './copied'

const message = (sender_id: string, body: string, files: string[] = []) =>
  ({ sender_id, body, attachments: files.map((name) => ({ name })) }) as Message
const told = { author: ({ sender_id: id }: Message) => id.toUpperCase(), time: () => '09:30' }

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
})
