/** Other people: who they are, and what they are to the signed-in one. */
import { allPages, api, ok } from '~/api/client'
import { asApiError } from '~/api/error'
import type { Contact, FriendRequest, User } from '~/api/wire'
import { useLoadable } from './loadable'

/** Users that are asked for one by one: at most this many at once. */
const LOOKUPS_AT_ONCE = 4
const KEPT_MAX = 2000

export const usePeople = defineStore('people', () => {
  const session = useSession()

  const users = shallowReactive(new Map<string, User>())
  const contacts = useLoadable<Contact[]>([], async () => {
    const all = await allPages((query) => ok(api.GET('/v1/contacts', { params: { query } })))
    all.forEach(({ user }) => remember(user))
    return all
  })
  const friends = useLoadable<User[]>([], async () => {
    const all = await allPages((query) => ok(api.GET('/v1/friends', { params: { query } })))
    all.forEach(remember)
    return all
  })
  const requests = useLoadable<FriendRequest[]>([], async () => {
    const all = await allPages((query) => ok(api.GET('/v1/friend-requests', { params: { query } })))
    all.forEach(({ from, to }) => [from, to].forEach(remember))
    return all
  })
  const blocks = useLoadable<User[]>([], async () => {
    const all = await allPages((query) => ok(api.GET('/v1/blocks', { params: { query } })))
    all.forEach(remember)
    return all
  })

  const aliases = computed(
    () => new Map(contacts.data.value.map(({ user, alias }) => [user.id, alias ?? null])),
  )
  const friendIds = computed(() => new Set(friends.data.value.map(({ id }) => id)))
  const blockedIds = computed(() => new Set(blocks.data.value.map(({ id }) => id)))
  const incoming = computed(() => requests.data.value.filter(({ to }) => to.id === session.userId))
  const outgoing = computed(() =>
    requests.data.value.filter(({ from }) => from.id === session.userId),
  )

  function remember(user: User) {
    users.set(user.id, user)
  }

  const wanted: string[] = []
  const asked = new Set<string>()
  let lookups = 0

  /** Someone by id. Whoever is not known yet is asked for, and the answer shows when it comes. */
  function user(id: string): User | undefined {
    const known = users.get(id)
    if (!known && import.meta.client && !asked.has(id)) {
      asked.add(id)
      wanted.push(id)
      void lookUp()
    }
    return known
  }

  async function lookUp() {
    const id = lookups < LOOKUPS_AT_ONCE ? wanted.shift() : undefined
    if (!id) return
    lookups += 1
    try {
      remember(await ok(api.GET('/v1/users/{id}', { params: { path: { id } } })))
    } catch (thrown) {
      // Whoever does not exist will not come to be; anything else may be asked again.
      if (asApiError(thrown).passing) asked.delete(id)
    } finally {
      lookups -= 1
      void lookUp()
    }
  }

  /** The name to show: the alias one gave them, else their own. Empty while it is not known. */
  function name(id: string): string {
    return aliases.value.get(id) ?? user(id)?.display_name ?? ''
  }

  /** One page of people whose name begins with `q`; takes the cursor of the page before. */
  async function search(q: string, cursor?: string) {
    const page = await ok(api.GET('/v1/users', { params: { query: { q, cursor } } }))
    page.items.forEach(remember)
    return page
  }

  async function saveContact(userId: string, alias: string | null) {
    const params = { path: { user_id: userId } }
    const saved = await ok(api.PUT('/v1/contacts/{user_id}', { params, body: { alias } }))
    putContact(saved)
  }

  async function removeContact(userId: string) {
    const params = { path: { user_id: userId } }
    await ok(api.DELETE('/v1/contacts/{user_id}', { params }))
    dropContact(userId)
  }

  /** Asks for friendship; crossing requests make friends at once. */
  async function requestFriend(userId: string) {
    const body = { id: crypto.randomUUID(), user_id: userId }
    const made = await ok(api.POST('/v1/friend-requests', { body }))
    if (made.status === 'pending') putRequest(made)
    else await Promise.all([requests.load(), friends.load()])
  }

  async function acceptRequest(id: string) {
    const params = { path: { id } }
    const { from } = await ok(api.POST('/v1/friend-requests/{id}/accept', { params }))
    dropRequest(id)
    putFriend(from)
  }

  async function declineRequest(id: string) {
    await ok(api.POST('/v1/friend-requests/{id}/decline', { params: { path: { id } } }))
    dropRequest(id)
  }

  async function cancelRequest(id: string) {
    await ok(api.DELETE('/v1/friend-requests/{id}', { params: { path: { id } } }))
    dropRequest(id)
  }

  async function removeFriend(userId: string) {
    await ok(api.DELETE('/v1/friends/{user_id}', { params: { path: { user_id: userId } } }))
    dropFriend(userId)
  }

  async function block(userId: string) {
    await ok(api.PUT('/v1/blocks/{user_id}', { params: { path: { user_id: userId } } }))
    await Promise.all([blocks.load(), friends.load(), requests.load()])
  }

  async function unblock(userId: string) {
    await ok(api.DELETE('/v1/blocks/{user_id}', { params: { path: { user_id: userId } } }))
    dropBlock(userId)
  }

  // What the live events change, too: each is the same whether this tab or another device did it.

  function putContact(contact: Contact) {
    remember(contact.user)
    contacts.data.value = [...others(contacts.data.value, contact.user.id), contact]
  }
  function dropContact(userId: string) {
    contacts.data.value = others(contacts.data.value, userId)
  }
  function putRequest(request: FriendRequest) {
    remember(request.from)
    remember(request.to)
    dropRequest(request.id)
    if (request.status === 'pending') requests.data.value = [request, ...requests.data.value]
  }
  function dropRequest(id: string) {
    requests.data.value = requests.data.value.filter((request) => request.id !== id)
  }
  function putFriend(friend: User) {
    remember(friend)
    dropFriend(friend.id)
    friends.data.value = [...friends.data.value, friend]
  }
  function dropFriend(userId: string) {
    friends.data.value = friends.data.value.filter(({ id }) => id !== userId)
  }
  function putBlock(blocked: User) {
    remember(blocked)
    dropBlock(blocked.id)
    blocks.data.value = [...blocks.data.value, blocked]
  }
  function dropBlock(userId: string) {
    blocks.data.value = blocks.data.value.filter(({ id }) => id !== userId)
  }

  /** What the device has kept, until the server tells it. */
  function showKept(keptContacts: Contact[], known: User[]) {
    known.forEach((user) => users.has(user.id) || remember(user))
    if (contacts.status.value === 'idle') contacts.data.value = keptContacts
  }

  /** Those to be kept, at most so many: whoever was met last. */
  const recent = (): User[] => [...users.values()].slice(-KEPT_MAX)

  /** All four lists anew: at the start, and when `account_rev` shows that something was missed. */
  async function loadAll() {
    await Promise.all([contacts, friends, requests, blocks].map(({ load }) => load()))
  }

  function clear() {
    users.clear()
    asked.clear()
    wanted.length = 0
    ;[contacts, friends, requests, blocks].forEach(({ clear }) => clear())
  }

  return {
    users,
    contacts,
    friends,
    requests,
    blocks,
    friendIds,
    blockedIds,
    incoming,
    outgoing,
    user,
    name,
    remember,
    search,
    saveContact,
    removeContact,
    requestFriend,
    acceptRequest,
    declineRequest,
    cancelRequest,
    removeFriend,
    block,
    unblock,
    putContact,
    dropContact,
    putRequest,
    dropRequest,
    putFriend,
    dropFriend,
    putBlock,
    dropBlock,
    showKept,
    recent,
    loadAll,
    clear,
  }
})

function others(contacts: Contact[], userId: string): Contact[] {
  return contacts.filter(({ user }) => user.id !== userId)
}
