// What is asked for once, a few at a time, and kept for a while.
import { asApiError, type ApiError } from '~/api/error'

export type Found<T> = { value: T; error?: undefined } | { value?: undefined; error: ApiError }

const AT_ONCE = 4
const KEPT_MAX = 200
/** How long an answer is taken for the truth. */
const FRESH_MS = 300_000
/** After a failure that may pass, before the next question. */
const PATIENCE_MS = 30_000

export function lookups<T>(ask: (key: string) => Promise<T>) {
  const found = shallowReactive(new Map<string, Found<T>>())
  const goodUntil = new Map<string, number>()
  const waiting = new Set<string>()
  let running = 0
  let generation = 0

  /** Undefined until it is known; the answer shows when it comes. */
  function get(key: string): Found<T> | undefined {
    if (Date.now() >= (goodUntil.get(key) ?? 0)) {
      goodUntil.set(key, Infinity)
      waiting.add(key)
      void next()
    }
    return found.get(key)
  }

  async function next() {
    const [key] = waiting
    if (key === undefined || running >= AT_ONCE) return
    waiting.delete(key)
    running += 1
    const mine = generation
    const answer = await ask(key).then(
      (value) => ({ value }),
      (thrown: unknown) => ({ error: asApiError(thrown) }),
    )
    running -= 1
    if (mine === generation) keep(key, answer)
    void next()
  }

  function keep(key: string, answer: Found<T>) {
    goodUntil.set(key, Date.now() + (answer.error?.passing ? PATIENCE_MS : FRESH_MS))
    found.delete(key)
    found.set(key, answer)
    const [oldest] = found.keys()
    if (found.size <= KEPT_MAX || oldest === undefined) return
    found.delete(oldest)
    goodUntil.delete(oldest)
  }

  function clear() {
    generation += 1
    waiting.clear()
    goodUntil.clear()
    found.clear()
  }

  return { get, clear }
}
