// The rows of a timeline: messages in groups of one author, with what stands between them.
import type { TimelineItem } from '~/types/timeline'

export type Row =
  | { kind: 'beginning'; key: 'beginning' }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: 'new' }
  | { kind: 'system'; key: string; item: TimelineItem }
  | { kind: 'message'; key: string; item: TimelineItem; first: boolean; last: boolean }

/** Messages of one author that are further apart do not stand together. */
const GROUP_MS = 5 * 60_000

export interface RowOptions {
  /** The first message that is new; null when there is none. */
  dividerSeq: number | null
  /** Whether the conversation begins with the first item. */
  complete: boolean
}

export function timelineRows(
  items: readonly TimelineItem[],
  { dividerSeq, complete }: RowOptions,
): Row[] {
  const rows: Row[] = complete ? [{ kind: 'beginning', key: 'beginning' }] : []
  let divided = dividerSeq === null

  for (const [at, item] of items.entries()) {
    const before = items[at - 1]
    const { seq, created_at: time } = item.message
    const newDay = !before || dayOf(before) !== dayOf(item)
    if (newDay) rows.push({ kind: 'day', key: `day-${dayOf(item)}`, at: time })

    const isNew = !divided && seq !== null && seq >= (dividerSeq ?? 0)
    if (isNew) {
      divided = true
      rows.push({ kind: 'new', key: 'new' })
      closeGroup(rows)
    }
    if (item.message.kind === 'system') {
      rows.push({ kind: 'system', key: item.key, item })
      continue
    }
    const first = newDay || isNew || !before || !together(before, item)
    if (first) closeGroup(rows)
    const next = items[at + 1]
    const last = !next || !together(item, next)
    rows.push({ kind: 'message', key: item.key, item, first, last })
  }
  return rows
}

/** The newest message row is the last of its group, whatever comes between. */
function closeGroup(rows: Row[]) {
  const at = rows.findLastIndex(({ kind }) => kind === 'message')
  const row = rows[at]
  if (row?.kind === 'message') rows[at] = { ...row, last: true }
}

function together(before: TimelineItem, after: TimelineItem): boolean {
  const [a, b] = [before.message, after.message]
  return (
    a.kind === 'text' &&
    b.kind === 'text' &&
    a.sender_id === b.sender_id &&
    Math.abs(Date.parse(b.created_at) - Date.parse(a.created_at)) < GROUP_MS &&
    dayOf(before) === dayOf(after)
  )
}

/** The day of a message where the reader is. */
function dayOf({ message }: TimelineItem): string {
  const date = new Date(message.created_at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}
