/**
 * Which parts of a timeline are held: ranges of `seq`, sorted, apart from each other.
 *
 * A range whose end is `LIVE` holds the newest messages: whatever comes after them belongs to it.
 * Ranges are needed beside the messages, because a `seq` that is held may have no message to show
 * (deleted for the caller).
 */
export interface Span {
  readonly from: number
  readonly to: number
}

export type Spans = readonly Span[]

/** The end of a range that new messages extend. */
export const LIVE = Number.POSITIVE_INFINITY

/** The first `seq` there is. */
export const FIRST_SEQ = 1

export function spanAt(spans: Spans, seq: number): Span | undefined {
  return spans.find(({ from, to }) => from <= seq && seq <= to)
}

/** The range that holds the newest messages. */
export function liveSpan(spans: Spans): Span | undefined {
  return spanAt(spans, LIVE)
}

/** Whether all from `from` up to `to` is held. */
export function covers(spans: Spans, from: number, to: number): boolean {
  if (from > to) return true
  const span = spanAt(spans, from)
  return span !== undefined && span.to >= to
}

/** Adds a range; what touches or overlaps becomes one. */
export function addSpan(spans: Spans, added: Span): Spans {
  let { from, to } = added
  const apart: Span[] = []
  for (const span of spans) {
    if (span.to + 1 < from || to + 1 < span.from) {
      apart.push(span)
    } else {
      from = Math.min(from, span.from)
      to = Math.max(to, span.to)
    }
  }
  return [...apart, { from, to }].sort((a, b) => a.from - b.from)
}

/** What both hold. */
export function intersect(spans: Spans, kept: Spans): Spans {
  return spans.flatMap((span) =>
    kept.flatMap(({ from, to }) => {
      const both = { from: Math.max(span.from, from), to: Math.min(span.to, to) }
      return both.from <= both.to ? [both] : []
    }),
  )
}
