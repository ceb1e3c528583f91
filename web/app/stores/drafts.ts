/** What is being written, by conversation: kept on this device, and shown in the list. */
import type { Database } from '~/db/database'

/** A pause in typing after which a draft is kept. */
const KEEP_AFTER_MS = 300

export const useDrafts = defineStore('drafts', () => {
  const texts = reactive(new Map<string, string>())
  const waiting = new Map<string, ReturnType<typeof setTimeout>>()
  let db: Database | null = null

  async function start(database: Database | null) {
    db = database
    if (!db) return
    const [ids, drafts] = await Promise.all([db.getAllKeys('drafts'), db.getAll('drafts')])
    ids.forEach((id, at) => {
      if (!texts.has(id)) texts.set(id, drafts[at] ?? '')
    })
  }

  function stop() {
    waiting.forEach(clearTimeout)
    waiting.clear()
    texts.clear()
    db = null
  }

  const get = (id: string): string => texts.get(id) ?? ''

  function set(id: string, text: string) {
    if (text.trim() === '') texts.delete(id)
    else texts.set(id, text)
    clearTimeout(waiting.get(id))
    waiting.set(
      id,
      setTimeout(() => void keep(id), KEEP_AFTER_MS),
    )
  }

  async function keep(id: string) {
    waiting.delete(id)
    const text = texts.get(id)
    // A device that cannot keep it still shows it until the page goes.
    await (text ? db?.put('drafts', text, id) : db?.delete('drafts', id))?.catch(() => undefined)
  }

  /** Keeps what has not been kept yet: the page goes away. */
  function flush() {
    for (const [id, timer] of waiting) {
      clearTimeout(timer)
      void keep(id)
    }
  }

  return { get, set, start, stop, flush }
})
