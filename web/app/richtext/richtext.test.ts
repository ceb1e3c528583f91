import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBlocks } from './blocks'
import { parseInline } from './inline'
import { safeHref } from './links'
import { plainBeginning, plainText } from './plain'
import type { Block, Inline } from './nodes'

const text = (value: string): Inline => ({ type: 'text', text: value })

/** Every link of a message, however deep. */
function linksOf(nodes: (Block | Inline)[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === 'link') return [node.href]
    if (node.type === 'list') return node.items.flatMap(linksOf)
    return 'children' in node ? linksOf(node.children) : []
  })
}

describe('emphasis', () => {
  it('nests', () => {
    expect(parseInline('**bold _and_ more**')).toEqual([
      {
        type: 'strong',
        children: [text('bold '), { type: 'em', children: [text('and')] }, text(' more')],
      },
    ])
  })

  it.each(['snake_case_name', '2 * 3 * 4', '**', '* *', '~~', 'a **b', '_a_b'])(
    'leaves %s as it is',
    (source) => {
      expect(parseInline(source)).toEqual([text(source)])
    },
  )

  it('does not look into code', () => {
    expect(parseInline('`**a**`')).toEqual([{ type: 'code', text: '**a**' }])
  })
})

describe('spoilers', () => {
  it('hold emphasis, and are held by it', () => {
    const spoiler = (...children: Inline[]): Inline => ({ type: 'spoiler', children })
    expect(parseInline('He ||dies **twice**||!')).toEqual([
      text('He '),
      spoiler(text('dies '), { type: 'strong', children: [text('twice')] }),
      text('!'),
    ])
    expect(parseInline('*so ||he|| it is*')).toEqual([
      { type: 'em', children: [text('so '), spoiler(text('he')), text(' it is')] },
    ])
    expect(parseBlocks('> - x\n> ||a\n> b||')).toMatchObject([
      { children: [{ type: 'list' }, { children: [spoiler(text('a\nb'))] }] },
    ])
  })

  it.each(['a || b || c', '||', '||||', '|| a||', '||a ||', '|a|', '||a'])(
    'are not in %s',
    (source) => {
      expect(parseInline(source)).toEqual([text(source)])
    },
  )

  it('are no code', () => {
    expect(parseInline('`a||b||c`')).toEqual([{ type: 'code', text: 'a||b||c' }])
  })

  it('are covered where a text is told in short, however long they are', () => {
    expect(plainText('He ||dies|| and **||she lives happily||**')).toBe('He █████ and █████')
    expect(plainText('> ||he||\n- ||she||')).toBe('█████ █████')
    expect(plainText('He ||dies||', 'Spoiler')).toBe('He Spoiler')
  })

  it.each([
    ['He ||dies in the', 'He █████'],
    ['He ||dies|', 'He █████'],
    ['He ||dies||', 'He █████'],
    ['a || b', 'a || b'],
    ['He dies', 'He dies'],
  ])('are covered, too, where a text was cut off: %s', (cut, told) => {
    expect(plainBeginning(cut)).toBe(told)
  })
})

describe('a shrug', () => {
  it('keeps its arms', () => {
    expect(parseInline('¯\\_(ツ)_/¯')).toEqual([text('¯\\_(ツ)_/¯')])
  })
})

describe('links', () => {
  it('end before the punctuation of the sentence', () => {
    expect(parseInline('See https://a.example/x_(y)).')).toEqual([
      text('See '),
      {
        type: 'link',
        href: 'https://a.example/x_(y)',
        text: 'https://a.example/x_(y)',
        host: null,
      },
      text(').'),
    ])
  })

  it('keep a `_` at their end, as a code of an invitation may have, unless it ends an emphasis', () => {
    const link = (address: string) => ({ type: 'link', href: address, text: address, host: null })
    const code = 'https://a.example/invite/xFW_FxWkR_FXcz_'
    expect(parseInline(`Come: ${code}.`)).toEqual([text('Come: '), link(code), text('.')])
    expect(parseInline('_see https://a.example/x_')).toEqual([
      { type: 'em', children: [text('see '), link('https://a.example/x')] },
    ])
  })

  it('of another name show where they lead', () => {
    expect(parseInline('[bank](https://evil.example/)')).toEqual([
      { type: 'link', href: 'https://evil.example/', text: 'bank', host: 'evil.example' },
    ])
  })

  it('of a look-alike host show its real letters', () => {
    const [node] = parseInline('[x](https://аpple.example)')
    expect(node).toMatchObject({ host: 'xn--pple-43d.example' })
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', '//a.example'])(
    'never lead to %j',
    (address) => {
      expect(safeHref(address)).toBeNull()
      expect(linksOf(parseBlocks(`[x](${address}) ${address}`))).toEqual([])
    },
  )

  it('end before a character that turns the direction of text', () => {
    expect(safeHref('https://a.example/\u202egpj')).toBeNull()
    expect(linksOf(parseBlocks('https://a.example/\u202egpj'))).toEqual(['https://a.example/'])
  })
})

describe('mentions', () => {
  it('are names after a space, without the full stop of the sentence', () => {
    expect(parseInline('Ask @Ada.')).toEqual([
      text('Ask '),
      { type: 'mention', username: 'ada' },
      text('.'),
    ])
    expect(parseInline('me@ada.example')).toEqual([text('me@ada.example')])
  })
})

describe('blocks', () => {
  it('are quotes, lists, code and paragraphs', () => {
    expect(
      parseBlocks('> said\nso:\n- one\n- two\n3. three\n```js\n**x**\n```').map(
        (block) => block.type,
      ),
    ).toEqual(['quote', 'paragraph', 'list', 'list', 'code'])
  })

  it('keep the lines of a paragraph together', () => {
    expect(parseBlocks('a\n\nb')).toEqual([{ type: 'paragraph', children: [text('a\n\nb')] }])
  })

  it('leave a fence that is not closed as it is', () => {
    expect(parseBlocks('```\nx')).toEqual([{ type: 'paragraph', children: [text('```\nx')] }])
  })
})

describe('whatever is written', () => {
  const marks = fc.constantFrom(
    '*',
    '**',
    '_',
    '__',
    '~~',
    '||',
    '`',
    '```\n',
    '> ',
    '- ',
    '1. ',
    '\n',
    ' ',
    '[a](',
    ')',
    'https://a.b/',
    '@ada',
    'javascript:',
    'x',
  )
  const source = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(marks, { maxLength: 60 }).map((parts) => parts.join('')),
  )

  it('no word of it is lost', () => {
    fc.assert(
      fc.property(source, (written) => {
        const words = (value: string) => value.replace(/[^\p{L}\p{N}]/gu, '')
        // The mark of a list's number, a fence's language and a named link's address are not shown.
        const shown = written
          .replace(/\d+[.)] /g, '')
          .replace(/```.*/g, '')
          .replace(/\]\([^)]*\)/g, ']')
        expect(words(plainText(shown, null)).toLowerCase()).toBe(words(shown).toLowerCase())
      }),
    )
  })

  it('what a spoiler hides is not told', () => {
    const word = fc.string({ unit: 'grapheme' }).map((some) => some.replace(/[|`\s]/g, ''))
    fc.assert(
      fc.property(source, word, (before, secret) => {
        const open = before.replace(/[|`]/g, '')
        expect(plainText(`${open}\n\n||hidden${secret}||`)).not.toContain('hidden')
      }),
    )
    for (const text of ['*a ||hidden*||', '**a ||hidden** b|| c**', '_a|| b ||hidden_||']) {
      expect(plainText(text), text).not.toContain('hidden')
    }
  })

  it('links are http, https or mailto', () => {
    fc.assert(
      fc.property(source, (written) => {
        for (const href of linksOf(parseBlocks(written))) expect(href).toMatch(/^(https?|mailto):/)
      }),
    )
  })

  it('takes little time', () => {
    for (const unit of [
      '*',
      '_a',
      '**a',
      '`',
      '[',
      '> ',
      '~~',
      '*a **',
      '||',
      '||a',
      '||a **b',
      '*a ||b ',
      '*a ||b|| ',
    ]) {
      const started = performance.now()
      parseBlocks(unit.repeat(4000 / unit.length))
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})
