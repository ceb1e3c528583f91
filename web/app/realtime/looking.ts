/**
 * Which conversations somebody looks at, in whichever tab: each is a Web Lock while they do, and so it
 * ends with its tab, whatever ends that.
 */
const nameOf = (id: string) => `warren.looking.${id}`

/** Somebody looks at it until the answer is called. */
export function look(id: string): () => void {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  void navigator.locks.request(nameOf(id), { mode: 'shared' }, () => promise)
  return () => resolve(undefined)
}

export async function isLookedAt(id: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query()
  return held.some(({ name }) => name === nameOf(id))
}
