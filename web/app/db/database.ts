/**
 * What this device keeps for one user, in IndexedDB. Everything here is a copy or can be made again,
 * but for the outbox and the drafts: a browser without IndexedDB, or with a full disk, goes on
 * without it.
 */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Contact, Group, Me, MessagePage, User } from '~/api/wire'
import type { OutboxEntry } from '~/realtime/outbox'
import type { Room } from '~/realtime/room'

/** Lists that are kept whole. */
export interface Kept {
  state: { epoch: string | null; accountRev: number | null }
  me: Me | User
  contacts: Contact[]
  groups: Group[]
  users: User[]
}

interface Schema extends DBSchema {
  /** Each with its newest message alone. */
  rooms: { key: string; value: Room }
  /** The newest page of those that were opened, by conversation. */
  tails: { key: string; value: MessagePage }
  outbox: { key: string; value: OutboxEntry }
  /** By conversation. */
  drafts: { key: string; value: string }
  kept: { key: keyof Kept; value: Kept[keyof Kept] }
}

export type Database = IDBPDatabase<Schema>

const VERSION = 1
const nameOf = (userId: string) => `warren.${userId}`

/** Null where the browser has none, or refuses. */
export async function openDatabase(userId: string): Promise<Database | null> {
  try {
    return await openDB<Schema>(nameOf(userId), VERSION, {
      upgrade(db) {
        db.createObjectStore('rooms')
        db.createObjectStore('tails')
        db.createObjectStore('outbox', { keyPath: 'clientId' })
        db.createObjectStore('drafts')
        db.createObjectStore('kept')
      },
      // A newer version of this client wants in, in another tab.
      blocking: (_from, _to, event) => (event.target as unknown as IDBDatabase).close(),
    })
  } catch {
    return null
  }
}

/** Forgets what others wrote; what the user wrote stays, for when they sign in again. */
export async function clearDatabase(userId: string): Promise<void> {
  const db = await openDatabase(userId)
  await Promise.all([db?.clear('rooms'), db?.clear('tails'), db?.clear('kept')]).catch(
    () => undefined,
  )
  db?.close()
}

export async function deleteDatabase(userId: string): Promise<void> {
  await deleteDB(nameOf(userId)).catch(() => undefined)
}
