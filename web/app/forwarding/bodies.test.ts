import { describe, expect, it } from 'vitest'
import { parseBlocks } from '~/richtext/blocks'
import { BODY_MAX, lengthOf } from '~/richtext/length'
import { callingNobody, forwardedBodies } from './bodies'

const MARK = '_↪ Forwarded_'

describe('a forwarded text', () => {
  it('stands under a line that says so, in emphasis', () => {
    const bodies = forwardedBodies('tea at nine', MARK)
    expect(bodies).toEqual([`${MARK}\ntea at nine`])
    expect(parseBlocks(bodies[0] ?? '')).toEqual([
      {
        type: 'paragraph',
        children: [
          { type: 'em', children: [{ type: 'text', text: '↪ Forwarded' }] },
          { type: 'text', text: '\ntea at nine' },
        ],
      },
    ])
  })

  it('of one’s own says nothing', () => {
    expect(forwardedBodies('tea at nine', null)).toEqual(['tea at nine'])
  })

  it('that was forwarded before says so once, in whatever language', () => {
    const before = '_↪ Weitergeleitet_\nTee um neun'
    expect(forwardedBodies(before, MARK)).toEqual([before])
  })

  it('is the mark alone where there are files alone', () => {
    expect(forwardedBodies('', MARK)).toEqual([MARK])
    expect(forwardedBodies('', null)).toEqual([''])
  })

  it('becomes two, each marked, where the mark makes it too long', () => {
    const words = 'tea and cake '
      .repeat(400)
      .trim()
      .slice(0, BODY_MAX - 3)
    const bodies = forwardedBodies(words, MARK)
    expect(bodies).toHaveLength(2)
    expect(bodies.every((body) => body.startsWith(MARK) && lengthOf(body) <= BODY_MAX)).toBe(true)
    expect(bodies.map((body) => body.slice(MARK.length + 1)).join(' ')).toBe(words)
  })

  it('is counted in letters, and loses none where there is no space', () => {
    const bodies = forwardedBodies('🐰'.repeat(BODY_MAX), MARK)
    expect(bodies.every((body) => lengthOf(body) <= BODY_MAX)).toBe(true)
    expect(bodies.join('').split('🐰')).toHaveLength(BODY_MAX + 1)
    expect(forwardedBodies('🐰'.repeat(BODY_MAX), null)).toHaveLength(1)
  })
})

describe('names in it', () => {
  it('call nobody, and look the same', () => {
    for (const text of ['@all', 'Hello @Ada, and (@bob).']) {
      const quiet = callingNobody(text)
      expect(quiet).not.toMatch(/@\w/)
      expect(quiet.replaceAll('\u2060', '')).toBe(text)
    }
  })

  it('are left alone in code, addresses and mail', () => {
    for (const text of [
      '`@ada`',
      '```\n@cached\n```',
      'https://x.example/?to=@ada',
      'ada@x.example',
    ]) {
      expect(callingNobody(text)).toBe(text)
    }
    expect(callingNobody('`@ada` @bob')).toBe('`@ada` @\u2060bob')
  })
})
