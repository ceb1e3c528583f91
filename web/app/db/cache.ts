/**
 * The cache of conversations and people: read at the start, written as they change. Not later: a
 * page on its way out does not live to see a transaction done.
 */
import type { MessagePage } from '~/api/wire'
import type { Room } from '~/realtime/room'
import { LIVE, liveSpan } from '~/realtime/spans'
import type { Database, Kept } from './database'

/** Messages of a conversation that are kept. */
const TAIL = 60

export class Cache {
  private readonly changedRooms = new Map<string, Room | null>()
  private readonly changedTails = new Map<string, MessagePage>()
  private readonly changedLists = new Map<keyof Kept, Kept[keyof Kept]>()
  private writing = false

  constructor(private readonly db: Database | null) {}

  async rooms(): Promise<Room[]> {
    return (await this.db?.getAll('rooms').catch(() => null)) ?? []
  }

  async tail(id: string): Promise<MessagePage | undefined> {
    return await this.db?.get('tails', id).catch(() => undefined)
  }

  async kept<K extends keyof Kept>(key: K): Promise<Kept[K] | undefined> {
    return (await this.db?.get('kept', key).catch(() => undefined)) as Kept[K] | undefined
  }

  keep<K extends keyof Kept>(key: K, value: Kept[K]) {
    this.changedLists.set(key, value)
    void this.write()
  }

  /** A conversation changed, or (null) is there no more. */
  saveRoom(id: string, room: Room | null) {
    this.changedRooms.set(id, room && withNewestAlone(room))
    void this.write()
  }

  /** The newest messages of a conversation that is open, with the revision they are of. */
  saveTail(room: Room) {
    const page = tailOf(room)
    if (!page) return
    this.changedTails.set(room.shared.id, page)
    void this.write()
  }

  /** Writes what is waiting, now. */
  async flush(): Promise<void> {
    const rooms = taken(this.changedRooms)
    const tails = taken(this.changedTails)
    const lists = taken(this.changedLists)
    if (!this.db || rooms.length + tails.length + lists.length === 0) return
    try {
      const write = this.db.transaction(['rooms', 'tails', 'kept'], 'readwrite')
      for (const [id, room] of rooms) {
        if (room) void write.objectStore('rooms').put(room, id)
        else {
          void write.objectStore('rooms').delete(id)
          void write.objectStore('tails').delete(id)
        }
      }
      for (const [id, page] of tails) void write.objectStore('tails').put(page, id)
      for (const [key, list] of lists) void write.objectStore('kept').put(list, key)
      await write.done
    } catch {
      // A full disk, or a browser that closed the database: the next start loads from the server.
    }
  }

  /** What one task changes is written together, and so is all that changes during a write. */
  private async write() {
    if (this.writing) return
    this.writing = true
    while (this.changedRooms.size + this.changedTails.size + this.changedLists.size > 0) {
      await new Promise((resolve) => setTimeout(resolve))
      await this.flush()
    }
    this.writing = false
  }
}

function taken<K, V>(changed: Map<K, V>): [K, V][] {
  const entries = [...changed]
  changed.clear()
  return entries
}

/** As it is kept: what waits above a hole comes back with the changes. */
function withNewestAlone(room: Room): Room {
  const newest = room.messages.findLast(({ id }) => !room.hidden.has(id))
  const live = liveSpan(room.spans)
  // Without a message to keep, what comes next belongs to it all the same.
  const first = newest?.seq ?? room.shared.last_seq + 1
  const spans = live ? [{ from: Math.max(live.from, first), to: LIVE }] : []
  const messages = live && newest ? [newest] : []
  return { ...room, messages, spans, waiting: new Map(), doubts: [] }
}

function tailOf(room: Room): MessagePage | null {
  const live = liveSpan(room.spans)
  if (!live) return null
  const held = room.messages.filter(({ id, seq }) => seq >= live.from && !room.hidden.has(id))
  const items = held.slice(-TAIL)
  const has_before = live.from > 1 || items.length < held.length
  // Fewer than a screen shows would only replace more that are kept already.
  if (has_before && items.length < TAIL / 2) return null
  return { items, has_before, has_after: false, rev: room.rev }
}
