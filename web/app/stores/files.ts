/**
 * Where files can be read without a token: an address that is good for some minutes. Those that a
 * page needs are asked for together.
 */
import { api, ok } from '~/api/client'
import { asApiError } from '~/api/error'
import type { SignedUrl } from '~/api/wire'

/** Ids in one question, at most. */
const AT_ONCE = 100
/** One that ends sooner is asked for anew: the file must still be fetched with it. */
const SPARE_MS = 30_000
/** After a failure, before the next question. */
const PATIENCE_MS = 5000

export const useFiles = defineStore('files', () => {
  const addresses = shallowReactive(new Map<string, SignedUrl>())
  const wanted = new Set<string>()
  const asked = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Undefined until it is known; the answer shows when it comes. */
  function address(id: string): SignedUrl | undefined {
    const known = addresses.get(id)
    if (!known) want(id)
    return known
  }

  /** An address that is good now: for what is opened or saved by hand. Throws an `ApiError`. */
  async function fresh(id: string): Promise<SignedUrl | undefined> {
    const known = addresses.get(id)
    if (known && Date.parse(known.expires_at) - Date.now() > SPARE_MS) return known
    await ask([id])
    return addresses.get(id)
  }

  /** The one that was given did not work: it has ended, or the file is gone. */
  function failed(id: string, used: string) {
    const known = addresses.get(id)
    const ended = known && Date.parse(known.expires_at) - Date.now() < SPARE_MS
    if (known && ended && [known.url, known.thumbnail_url].includes(used)) want(id)
  }

  function want(id: string) {
    if (asked.has(id)) return
    wanted.add(id)
    timer ??= setTimeout(() => void askWanted(), 0)
  }

  async function askWanted() {
    timer = undefined
    const ids = [...wanted].slice(0, AT_ONCE)
    ids.forEach((id) => wanted.delete(id))
    ids.forEach((id) => asked.add(id))
    try {
      await ask(ids)
      // What was not answered cannot be read: it is not asked for again.
      ids.forEach((id) => addresses.has(id) && asked.delete(id))
    } catch (thrown) {
      if (asApiError(thrown).passing) setTimeout(() => again(ids), PATIENCE_MS)
    }
    if (wanted.size > 0) timer ??= setTimeout(() => void askWanted(), 0)
  }

  function again(ids: string[]) {
    ids.forEach((id) => asked.delete(id))
    ids.forEach(want)
  }

  async function ask(ids: string[]) {
    const { items } = await ok(api.POST('/v1/attachments/urls', { body: { ids } }))
    items.forEach((item) => addresses.set(item.id, item))
  }

  function clear() {
    clearTimeout(timer)
    timer = undefined
    addresses.clear()
    wanted.clear()
    asked.clear()
  }

  return { address, fresh, failed, clear }
})
