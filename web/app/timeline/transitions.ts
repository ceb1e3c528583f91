// How one set of rows becomes the next. A virtual list keeps its place either from the start or from
// the end, and is told which: a change at both ends at once is made in two steps.
import type { Row } from './rows'

export interface Step {
  rows: readonly Row[]
  /** Whether the place is kept from the end: rows came or went at the front. */
  shift: boolean
}

export function transitions(before: readonly Row[], after: readonly Row[]): Step[] {
  const places = new Map(after.map((row, at) => [row.key, at]))
  // Separators wander as messages come; only what has a message holds a place.
  const stays = (row: Row) => 'item' in row && places.has(row.key)
  const first = before.findIndex(stays)
  const last = before.findLastIndex(stays)
  const newFirst = places.get(before[first]?.key ?? '')
  const newLast = places.get(before[last]?.key ?? '')
  if (newFirst === undefined || newLast === undefined) return [{ rows: after, shift: false }]

  const front = newFirst !== first
  const back = after.length - newLast !== before.length - last
  if (!front) return [{ rows: after, shift: false }]
  if (!back) return [{ rows: after, shift: true }]
  return [
    { rows: [...before.slice(0, first), ...after.slice(newFirst)], shift: false },
    { rows: after, shift: true },
  ]
}
