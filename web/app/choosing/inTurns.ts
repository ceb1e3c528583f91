// Many requests, a few at a time.

const AT_ONCE = 4

export interface Undone<T> {
  things: T[]
  /** Why the last of them is not done. */
  error: unknown
}

/**
 * Does something with each; answers what was not done. Once `hopeless` says so of a failure, what has
 * not begun is left.
 */
export async function inTurns<T>(
  things: readonly T[],
  act: (thing: T) => Promise<unknown>,
  hopeless: (error: unknown) => boolean,
): Promise<Undone<T> | null> {
  const waiting = [...things]
  const failed: T[] = []
  let last: unknown

  async function lane() {
    for (let thing = waiting.shift(); thing !== undefined; thing = waiting.shift()) {
      try {
        await act(thing)
      } catch (error) {
        failed.push(thing)
        last = error
        if (hopeless(error)) failed.push(...waiting.splice(0))
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return failed.length > 0 ? { things: failed, error: last } : null
}
