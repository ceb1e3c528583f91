// The rules of the server, told before it is asked. A rule answers the key of what is wrong, or
// nothing; the server has the last word.

export interface Fault {
  key: string
  values?: Record<string, number>
}
export type Rule = (value: string) => Fault | null

const length = (value: string) => [...value.trim()].length

export const required: Rule = (value) => (length(value) === 0 ? { key: 'field.required' } : null)

export const username: Rule = (value) =>
  /^[a-z0-9_.]{3,32}$/.test(value.trim().toLowerCase()) ? null : { key: 'field.username' }

export const newPassword: Rule = (value) => {
  if ([...value].length < 8) return { key: 'field.password_short' }
  return [...value].length > 128 ? { key: 'field.password_long' } : null
}

export const atMost =
  (max: number): Rule =>
  (value) =>
    length(value) > max ? { key: 'field.too_long', values: { max } } : null

export const equals =
  (expected: string): Rule =>
  (value) =>
    value.trim() === expected ? null : { key: 'field.not_same' }

/** The first fault of each field that has one. */
export function faultsOf<Field extends string>(
  state: Record<Field, string>,
  rules: Record<Field, Rule[]>,
): { name: Field; fault: Fault }[] {
  return (Object.keys(rules) as Field[]).flatMap((name) => {
    const fault = rules[name].map((rule) => rule(state[name])).find((found) => found !== null)
    return fault ? [{ name, fault }] : []
  })
}
