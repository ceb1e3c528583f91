/** Full jitter: anything up to a bound that doubles, so that a crowd does not come back at once. */
const FIRST_MS = 500
const LONGEST_MS = 30_000

/** How long to wait before another attempt, the first one being 0. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
}
