// Every word on the screen has a key, every key has its words in each language, and none is idle.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import de from '../i18n/locales/de.json'
import en from '../i18n/locales/en.json'

type Words = { [key: string]: string | Words }

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = globSync('app/**/*.{vue,ts}', { cwd: root })
  .filter((path) => !path.includes('.test.') && !path.endsWith('schema.d.ts'))
  .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }))

function flat(words: Words, at = ''): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[at + key, value] as const] : [...flat(value, `${at}${key}.`)],
    ),
  )
}
const english = flat(en)
const german = flat(de)

const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted()
const forms = (text: string) => text.split(' | ').length

describe('the languages', () => {
  it('have the same keys', () => {
    expect([...german.keys()].toSorted()).toEqual([...english.keys()].toSorted())
  })

  it.each([...english])('say %s with the same values and forms', (key, text) => {
    const other = german.get(key) ?? ''
    expect(holes(other)).toEqual(holes(text))
    expect(forms(other)).toBe(forms(text))
    expect(other.trim()).not.toBe('')
  })
})

describe('keys', () => {
  // `t('a.b')`, `keypath="a.b"`, `key: 'a.b'` and `t(`a.${x}.b`)`.
  const named = /['"]([a-z]\w*(?:\.\w+)+)['"]/g
  const made = /`([a-z]\w*(?:\.(?:\w|\$\{[^}]*\})+)+)`/g

  const used = new Set(
    sources.flatMap(({ text }) => [...text.matchAll(named)].map(([, key]) => key ?? '')),
  )
  const patterns = sources.flatMap(({ text }) =>
    [...text.matchAll(made)].map(
      ([, key]) =>
        new RegExp(`^${(key ?? '').replace(/\./g, '\\.').replace(/\$\{[^}]*\}/g, '\\w+')}$`),
    ),
  )

  it('that components name exist', () => {
    const asked = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\bt\(\s*['"]([\w.]+)['"]/g)].map(([, key]) => ({ path, key: key ?? '' })),
    )
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.filter(({ key }) => !english.has(key))).toEqual([])
  })

  it('are all in use', () => {
    const idle = [...english.keys()].filter(
      (key) => !used.has(key) && !patterns.some((pattern) => pattern.test(key)),
    )
    expect(idle).toEqual([])
  })
})
