/** What is being written, by conversation: kept on this device, and shown in the list. */
import type { Database } from '~/db/database'
import { LastWords } from '~/db/lastWords'

/** A pause in typing after which a draft is kept. */
const KEEP_AFTER_MS = 300

export const useDrafts = defineStore('drafts', () => {
  const texts = reactive(new Map<string, string>())
  const waiting = new Map<string, ReturnType<typeof setTimeout>>()
  let db: Database | null = null
  let lastWords: LastWords | null = null

  async function start(userId: string, database: Database | null) {
    db = database
    lastWords = new LastWords(userId)
    for (const [id, text] of lastWords.take()) {
      if (!texts.has(id)) set(id, text)
    }
    if (!db) return
    const [ids, drafts] = await Promise.all([db.getAllKeys('drafts'), db.getAll('drafts')])
    ids.forEach((id, at) => {
      // What was typed meanwhile is newer, also where it was to empty the field.
      if (!texts.has(id) && !waiting.has(id)) texts.set(id, drafts[at] ?? '')
    })
  }

  function stop() {
    waiting.forEach(clearTimeout)
    waiting.clear()
    texts.clear()
    lastWords = null
    db = null
  }

  const get = (id: string): string => texts.get(id) ?? ''

  function set(id: string, text: string) {
    if (text === '') texts.delete(id)
    else texts.set(id, text)
    clearTimeout(waiting.get(id))
    waiting.set(
      id,
      setTimeout(() => void keep(id), KEEP_AFTER_MS),
    )
  }

  async function keep(id: string) {
    waiting.delete(id)
    const text = get(id)
    // A device that cannot keep it still shows it until the page goes.
    await (text.trim() ? db?.put('drafts', text, id) : db?.delete('drafts', id))?.catch(
      () => undefined,
    )
  }

  /**
   * Keeps what has not been kept yet: the page goes away. A write to the database may come too late
   * for that; the last words are there when this returns.
   */
  function flush() {
    lastWords?.leave([...waiting.keys()].map((id) => [id, get(id)]))
    for (const [id, timer] of waiting) {
      clearTimeout(timer)
      void keep(id)
    }
  }

  return { get, set, start, stop, flush }
})
