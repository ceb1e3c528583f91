/** A text with its values: `{name}` is a hole, ` | ` parts the forms for one and for others. */
import { isolate } from './isolate'

export type Texts = { [key: string]: string | Texts }
export type Values = Record<string, string | number | null | undefined>

const FORMS = ' | '
const HOLE = /\{(\w+)\}/g

/** The text at `a.b.c`; undefined where there is none. */
export function textAt(texts: Texts, key: string): string | undefined {
  let at: string | Texts | undefined = texts
  for (const part of key.split('.')) {
    if (typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined
    at = at[part]
  }
  return typeof at === 'string' ? at : undefined
}

/** `count` chooses the form, by the language's own rule, and fills `{n}`. */
export function say(text: string, language: string, values: Values, count?: number): string {
  const forms = text.split(FORMS)
  const one = count === undefined || new Intl.PluralRules(language).select(count) === 'one'
  const form = (one ? forms[0] : forms.at(-1)) ?? text
  const filled: Values = { n: count, ...values }
  return form.replace(HOLE, (_, name: string) => {
    const value = filled[name]
    return typeof value === 'string' ? isolate(value) : String(value ?? '')
  })
}
