/** Files on their way into a message that is not sent yet, by conversation. */
import { upload } from '~/api/upload'
import { ApiError, asApiError } from '~/api/error'
import type { Attachment } from '~/api/wire'

export interface Upload {
  readonly key: string
  readonly file: File
  /** Where the browser can show it from, of images. */
  readonly preview: string | null
  /** From 0 to 1. */
  progress: number
  /** What the server made of it; null until it is there. */
  attachment: Attachment | null
  error: ApiError | null
  /** What becomes of it by itself, once it is there; null where a message waits for it. */
  readonly go: ((attachment: Attachment) => void) | null
}

/** As many as a message may hold. */
export const FILES_MAX = 10
/** As large as the server takes them. */
export const FILE_BYTES_MAX = 25 * 1024 * 1024
/** The server lets one user send four at a time; one is left for another tab. */
const AT_ONCE = 3

export const useUploads = defineStore('uploads', () => {
  const trays = reactive(new Map<string, Upload[]>())
  const waiting: Upload[] = []
  const running = new Map<string, AbortController>()

  const of = (conversationId: string): Upload[] => trays.get(conversationId) ?? []
  /** Without what is a message by itself. */
  const ofNext = (conversationId: string): Upload[] =>
    of(conversationId).filter(({ go }) => go === null)

  /** Takes as many as there is room for; answers how many there was none for. */
  function add(conversationId: string, files: Iterable<File>): number {
    const tray = of(conversationId)
    const chosen = [...files]
    const taken = chosen.slice(0, FILES_MAX - ofNext(conversationId).length)
    trays.set(conversationId, [...tray, ...taken.map((file) => newUpload(file))])
    // Through the reactive map, so that what happens to them is seen.
    for (const entry of of(conversationId).slice(tray.length)) enqueue(entry)
    return chosen.length - taken.length
  }

  /**
   * Takes one that is a message by itself: it leaves the tray and goes as soon as it, and each that
   * was taken so before it, is there.
   */
  function send(conversationId: string, file: File, go: (attachment: Attachment) => void) {
    trays.set(conversationId, [...of(conversationId), newUpload(file, go)])
    of(conversationId).slice(-1).forEach(enqueue)
  }

  function newUpload(file: File, go: Upload['go'] = null): Upload {
    const error = file.size > FILE_BYTES_MAX ? asTooLarge() : null
    const preview = file.type.startsWith('image/') ? URL.createObjectURL(markRaw(file)) : null
    return {
      key: crypto.randomUUID(),
      file: markRaw(file),
      preview,
      progress: 0,
      attachment: null,
      error,
      go,
    }
  }

  function enqueue(entry: Upload) {
    if (entry.error) return
    waiting.push(entry)
    next()
  }

  function next() {
    const entry = running.size < AT_ONCE ? waiting.shift() : undefined
    if (entry) void run(entry)
  }

  async function run(entry: Upload) {
    const abort = new AbortController()
    running.set(entry.key, abort)
    try {
      entry.attachment = await upload(entry.file, {
        signal: abort.signal,
        progress: (share) => (entry.progress = share),
      })
    } catch (thrown) {
      if (!abort.signal.aborted) entry.error = markRaw(asApiError(thrown))
    } finally {
      running.delete(entry.key)
      next()
      letGo()
    }
  }

  /** In their order; one that failed lets the next pass. */
  function letGo() {
    for (const [conversationId, tray] of trays) {
      for (const { key, go, attachment, error } of tray) {
        if (!go || error) continue
        if (!attachment) break
        takeOut(conversationId, key)
        go(attachment)
      }
    }
  }

  function retry(entry: Upload) {
    if (!entry.error || entry.file.size > FILE_BYTES_MAX) return
    entry.error = null
    entry.progress = 0
    enqueue(entry)
  }

  /** Takes one out, and ends its upload. What the server has of it ends by itself. */
  function remove(conversationId: string, key: string) {
    takeOut(conversationId, key)
    letGo()
  }

  function takeOut(conversationId: string, key: string) {
    const entry = of(conversationId).find((candidate) => candidate.key === key)
    if (entry) drop(entry)
    trays.set(
      conversationId,
      of(conversationId).filter((candidate) => candidate.key !== key),
    )
  }

  /** What is there goes into the next message: only what goes by itself stays in the tray. */
  function take(conversationId: string): Attachment[] {
    const files = ofNext(conversationId)
    const left = of(conversationId).filter(({ go }) => go !== null)
    if (left.length > 0) trays.set(conversationId, left)
    else trays.delete(conversationId)
    files.forEach(drop)
    return files.flatMap(({ attachment }) => attachment ?? [])
  }

  function drop(entry: Upload) {
    const at = waiting.findIndex(({ key }) => key === entry.key)
    if (at >= 0) waiting.splice(at, 1)
    running.get(entry.key)?.abort()
    if (entry.preview) URL.revokeObjectURL(entry.preview)
  }

  function clear() {
    for (const tray of trays.values()) tray.forEach(drop)
    trays.clear()
  }

  return { of, ofNext, add, send, retry, remove, take, clear }
})

function asTooLarge(): ApiError {
  return markRaw(new ApiError('too_large', 413))
}
