// What is searched for, as the address of the page has it, and as the server is asked.
import type { SearchQuery } from '~/stores/messages'

/** In the order in which they are shown; all of them are optional. */
export interface Asked {
  q: string
  /** A sender's id. */
  from: string | null
  /** With a file alone. */
  file: boolean
  /** Days, as `<input type="date">` writes them: from this one on, and up to the end of that one. */
  since: string
  until: string
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Whatever a link brings along, it is a question. */
export function askedBy(query: Record<string, unknown>): Asked {
  const text = (key: string) => (typeof query[key] === 'string' ? query[key] : '')
  const day = (key: string) => (DAY.test(text(key)) ? text(key) : '')
  return {
    q: text('q'),
    from: text('from') || null,
    file: text('has') === 'file',
    since: day('since'),
    until: day('until'),
  }
}

/** The part of an address that says it; what is undefined is not in it. */
export function addressOf({ q, from, file, since, until }: Asked) {
  return {
    q: q || undefined,
    from: from ?? undefined,
    has: file ? 'file' : undefined,
    since: since || undefined,
    until: until || undefined,
  }
}

/** How many filters narrow it. */
export function filtersOf({ from, file, since, until }: Asked): number {
  return [from, file, since, until].filter(Boolean).length
}

/** Null where there is no word to look for. */
export function searchQuery(asked: Asked, conversationId: string | null): SearchQuery | null {
  const q = asked.q.trim()
  if (!q) return null
  const query: SearchQuery = { q }
  if (conversationId) query.conversation_id = conversationId
  if (asked.from) query.from = asked.from
  if (asked.file) query.has = 'file'
  // Days begin where the reader is. The server takes both ends for outside.
  if (asked.since) query.after = new Date(startOf(asked.since) - 1).toISOString()
  if (asked.until) query.before = new Date(startOf(asked.until, 1)).toISOString()
  return query
}

function startOf(day: string, later = 0): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).getTime()
}
