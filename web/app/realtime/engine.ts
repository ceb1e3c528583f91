/**
 * Everything that lives as long as somebody is signed in: what the device has kept, the link to the
 * other tabs and the server, what is to be sent. Loaded when it is first needed: the public pages
 * do without.
 */
import { PICTURES } from '#shared/shell'
import { freshCredentials, renewCredentials } from '~/api/credentials'
import { Cache } from '~/db/cache'
import {
  clearDatabase,
  deleteDatabase,
  openDatabase,
  type Database,
  type Kept,
} from '~/db/database'
import { forgetLastWords } from '~/db/lastWords'
import { backoffMs } from './backoff'
import { every } from './clock'
import { useDispatch } from './dispatch'
import { Link } from './link'
import type { SocketDeps } from './socket'

const socketDeps: SocketDeps = {
  open: (url, protocols) => new WebSocket(url, protocols),
  url: () => `${location.origin.replace(/^http/, 'ws')}/ws`,
  credentials: freshCredentials,
  renew: renewCredentials,
  every,
  online: () => navigator.onLine,
}

/** Follows the session: starts with it, and ends with it. */
export function followSession(): void {
  const session = useSession()
  const rooms = useRooms()
  const people = usePeople()
  const groups = useGroups()
  const messages = useMessages()
  const drafts = useDrafts()
  const composition = useComposition()
  const uploads = useUploads()
  const files = useFiles()
  const receipts = useReceipts()
  const connection = useConnection()
  const presence = usePresence()
  const typing = useTyping()
  const dispatch = useDispatch(() => void catchUp())

  let link: Link | null = null
  let cache: Cache | null = null
  let db: Database | null = null
  let started: string | null = null
  /** Whose unsent words wait here for them. */
  let parted: string | null = null
  let catchUps = 0

  async function start(userId: string) {
    started = userId
    // What is written and not sent must not go when the disk is full.
    void navigator.storage?.persist?.()
    const opened = await openDatabase(userId)
    // Signed out, or in as another, while the database opened.
    if (started !== userId) return opened?.close()
    db = opened
    cache = new Cache(db)
    await restore(userId, cache)
    if (started !== userId) return
    link = new Link(userId, socketDeps, {
      frame: dispatch,
      outbox: messages.hear,
      status: (status, reason) => {
        connection.became(status, reason)
        if (reason === 'session-ended') session.ended()
      },
      leading: () => {
        rooms.lead(true)
        messages.lead(true)
        keepers.forEach((keep) => keep())
      },
    })
    connection.attach(link)
    presence.subscribe()
    // Need not wait for the socket: when that is ready, it is done again.
    void catchUp()
    void loadLists()
  }

  async function restore(userId: string, from: Cache) {
    await rooms.start(userId, from, {
      told: receipts.told,
      accountMoved: () => void loadLists(),
      changed: (changed) => {
        changed.forEach(({ peer }) => peer && people.remember(peer))
        if (link?.leads) receipts.delivered(changed)
      },
    })
    const [me, contacts, known, kept] = await Promise.all([
      from.kept('me'),
      from.kept('contacts'),
      from.kept('users'),
      from.kept('groups'),
    ])
    if (me) session.showKept(me)
    people.showKept(contacts ?? [], known ?? [])
    groups.showKept(kept ?? [])
    await Promise.all([
      drafts.start(userId, db),
      messages.start(db, (notice) => link?.tell(notice)),
    ])
  }

  function stop() {
    started = null
    catchUps += 1
    link?.stop()
    link = null
    connection.attach(null)
    rooms.lead(false)
    rooms.stop()
    messages.stop()
    drafts.stop()
    composition.clear()
    uploads.clear()
    files.clear()
    receipts.stop()
    people.clear()
    groups.clear()
    presence.clear()
    typing.clear()
    db?.close()
    db = null
    cache = null
  }

  /** What was missed, until it is all there. */
  async function catchUp() {
    const mine = (catchUps += 1)
    connection.catchingUp(true)
    for (let attempt = 0; mine === catchUps; attempt += 1) {
      try {
        await rooms.sync()
        if (mine === catchUps) messages.hurry()
        break
      } catch {
        await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)))
      }
    }
    if (mine === catchUps) connection.catchingUp(false)
  }

  const loadLists = () => Promise.all([people.loadAll(), groups.mine.load()])

  watch(
    () => session.userId,
    async (userId, before) => {
      if (before) {
        stop()
        void globalThis.caches?.delete(PICTURES)
      }
      if (userId) parted = null
      if (before && session.end === 'ended') {
        // What was written and not sent outlives a session that ended by itself.
        parted = before
        await clearDatabase(before)
      } else if (before) await forget(before)
      if (userId) await start(userId)
    },
    { immediate: true },
  )
  // That it was somebody's wish may be heard afterwards.
  watch(
    () => session.end,
    (end) => {
      if (end === 'signed-out' && parted) void forget(parted)
    },
  )

  async function forget(userId: string) {
    forgetLastWords(userId)
    await deleteDatabase(userId)
  }

  /** Keeps a list as it changes, where this tab leads; what it returns keeps it now. */
  function keeper<K extends keyof Kept>(key: K, list: () => Kept[K] | null) {
    const keep = (now: Kept[K] | null) => {
      if (link?.leads && now) cache?.keep(key, now)
    }
    watch(list, keep)
    return () => keep(list())
  }
  const keepers = [
    keeper('me', () => session.me),
    keeper('contacts', () => people.contacts.data),
    keeper('groups', () => groups.list),
    keeper('users', people.recent),
  ]

  useEventListener(window, 'online', () => {
    link?.hurry()
    messages.hurry()
  })
  useEventListener(window, 'offline', () => link?.offline())
  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'hidden') return leave()
    link?.hurry()
    if (started) void rooms.sync().catch(() => undefined)
  })
  useEventListener(window, 'pagehide', leave)

  /** The page may never be heard of again. */
  function leave() {
    receipts.flush()
    drafts.flush()
    void cache?.flush()
  }
}
