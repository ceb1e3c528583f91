/** Groups: one's own with their channels, and what their members and admins do with them. */
import { allPages, api, ok } from '~/api/client'
import { asApiError } from '~/api/error'
import type {
  ChannelPatch,
  Group,
  GroupPatch,
  Invite,
  NewChannel,
  NewGroup,
  NewInvite,
  Role,
  SharedGroup,
} from '~/api/wire'
import { pictureId } from '~/files/picture'
import type { FrameOf } from '~/realtime/frames'
import { useLoadable } from './loadable'

export type DiscoverSort = 'members' | 'activity' | 'new'

/** What a page of a list is asked for with. */
export interface PageQuery {
  q?: string
  cursor?: string
}

type MemberFrame = FrameOf<'member.joined' | 'member.updated' | 'member.left'>

export const useGroups = defineStore('groups', () => {
  const people = usePeople()
  const session = useSession()

  const mine = useLoadable<string[]>([], async () => {
    const all = await allPages((query) => ok(api.GET('/v1/groups', { params: { query } })))
    all.forEach(put)
    return all.map(({ id }) => id)
  })
  const held = shallowReactive(new Map<string, Group>())
  const gone = shallowReactive(new Set<string>())
  const list = computed(() => mine.data.value.flatMap((id) => held.get(id) ?? []))

  const get = (id: string): Group | undefined => held.get(id)
  const role = (id: string): Role | null => held.get(id)?.my_role ?? null
  /** Whether it is known that there is nothing to see: no such group, or one is not in it. */
  const missing = (id: string) => gone.has(id) || (held.has(id) && !role(id))
  /** Whether the signed-in one may change the group, its channels, members and invites. */
  const administers = (id: string) => ['owner', 'admin'].includes(role(id) ?? '')

  /** Takes in a group; a version lower than the one that is held is late, and ignored. */
  function put(group: Group) {
    const old = held.get(group.id)
    gone.delete(group.id)
    if (!old || old.version <= group.version) held.set(group.id, group)
  }

  /** What everyone is told of a group: without the caller's own role and channels. */
  function putShared(shared: SharedGroup) {
    const old = held.get(shared.id)
    if (old) put({ ...old, ...shared })
  }

  function drop(id: string) {
    held.delete(id)
    gone.add(id)
    mine.data.value = mine.data.value.filter((other) => other !== id)
  }

  function enter(group: Group): Group {
    put(group)
    if (!mine.data.value.includes(group.id)) mine.data.value = [...mine.data.value, group.id]
    return group
  }

  /** A group by id; undefined when there is none, or the caller may not know of it. */
  async function load(id: string): Promise<Group | undefined> {
    try {
      const group = await ok(api.GET('/v1/groups/{id}', { params: { path: { id } } }))
      put(group)
      return held.get(id)
    } catch (thrown) {
      if (asApiError(thrown).code !== 'not_found') throw thrown
      drop(id)
    }
  }

  const discover = (query: PageQuery & { sort?: DiscoverSort }) =>
    ok(api.GET('/v1/groups/discover', { params: { query } }))

  async function create(group: NewGroup) {
    const body = { id: crypto.randomUUID(), ...group }
    return enter(await ok(api.POST('/v1/groups', { body })))
  }

  async function update(id: string, patch: GroupPatch) {
    put(await ok(api.PATCH('/v1/groups/{id}', { params: { path: { id } }, body: patch })))
  }

  /** A group's picture; null takes it away. */
  async function setPicture(id: string, file: File | null) {
    await update(id, { icon_upload_id: await pictureId(file) })
  }

  async function remove(id: string) {
    await ok(api.DELETE('/v1/groups/{id}', { params: { path: { id } } }))
    drop(id)
  }

  /** The way into a group; who is in it already, or repeats a request that got lost, is there. */
  async function into(id: string, way: Promise<Group>): Promise<Group> {
    try {
      return enter(await way)
    } catch (thrown) {
      const group = asApiError(thrown).code === 'conflict' && (await load(id))
      if (!group) throw thrown
      return enter(group)
    }
  }

  const join = (id: string) =>
    into(id, ok(api.POST('/v1/groups/{id}/join', { params: { path: { id } } })))

  async function leave(id: string) {
    await ok(api.POST('/v1/groups/{id}/leave', { params: { path: { id } } }))
    drop(id)
  }

  /** What the device has kept, until the server tells it. */
  function showKept(kept: Group[]) {
    if (mine.status.value !== 'idle') return
    kept.forEach(put)
    mine.data.value = kept.map(({ id }) => id)
  }

  // ---- Members ----

  async function members(id: string, query: PageQuery = {}) {
    const params = { path: { id }, query }
    const page = await ok(api.GET('/v1/groups/{id}/members', { params }))
    page.items.forEach(({ user }) => people.remember(user))
    return page
  }

  /** Someone came, went, or has another role; lists of members that are shown look at this. */
  const memberChange = shallowRef<MemberFrame | null>(null)

  function memberChanged(frame: MemberFrame) {
    memberChange.value = frame
    const group = held.get(frame.group_id)
    if (frame.type !== 'member.left') {
      people.remember(frame.member.user)
      if (group && frame.member.user.id === session.userId) {
        put({ ...group, my_role: frame.member.role, version: frame.version })
      }
    }
    // The count, and a handed-over ownership, are the group's own.
    if (group && group.version < frame.version) void load(frame.group_id).catch(() => undefined)
  }

  /** `owner` hands the group over. */
  async function setRole(id: string, userId: string, role: Role) {
    const params = { path: { id, user_id: userId } }
    const member = await ok(
      api.PATCH('/v1/groups/{id}/members/{user_id}', { params, body: { role } }),
    )
    if (role === 'owner') await load(id)
    return member
  }

  async function kick(id: string, userId: string) {
    const params = { path: { id, user_id: userId } }
    await ok(api.DELETE('/v1/groups/{id}/members/{user_id}', { params }))
  }

  async function ban(id: string, userId: string) {
    const params = { path: { id, user_id: userId } }
    await ok(api.PUT('/v1/groups/{id}/bans/{user_id}', { params }))
  }

  async function unban(id: string, userId: string) {
    const params = { path: { id, user_id: userId } }
    await ok(api.DELETE('/v1/groups/{id}/bans/{user_id}', { params }))
  }

  const bans = (id: string, query: PageQuery = {}) =>
    ok(api.GET('/v1/groups/{id}/bans', { params: { path: { id }, query } }))

  // ---- Invites ----

  const invites = (id: string, query: PageQuery = {}) =>
    ok(api.GET('/v1/groups/{id}/invites', { params: { path: { id }, query } }))

  function createInvite(id: string, invite: NewInvite): Promise<Invite> {
    const body = { id: crypto.randomUUID(), ...invite }
    return ok(api.POST('/v1/groups/{id}/invites', { params: { path: { id } }, body }))
  }

  async function deleteInvite(code: string) {
    await ok(api.DELETE('/v1/invites/{code}', { params: { path: { code } } }))
  }

  /** What anyone with the link may see; works on the server too. */
  const previewInvite = (code: string) =>
    ok(api.GET('/v1/invites/{code}', { params: { path: { code } } }))

  const acceptInvite = (code: string, id: string) =>
    into(id, ok(api.POST('/v1/invites/{code}/accept', { params: { path: { code } } })))

  // ---- Channels ----

  async function createChannel(id: string, channel: NewChannel) {
    const body = { id: crypto.randomUUID(), ...channel }
    const params = { path: { id } }
    const made = await ok(api.POST('/v1/groups/{id}/channels', { params, body }))
    await load(id)
    return made
  }

  async function updateChannel(id: string, channelId: string, patch: ChannelPatch) {
    const params = { path: { id: channelId } }
    await ok(api.PATCH('/v1/channels/{id}', { params, body: patch }))
    await load(id)
  }

  async function deleteChannel(id: string, channelId: string) {
    await ok(api.DELETE('/v1/channels/{id}', { params: { path: { id: channelId } } }))
    await load(id)
  }

  function clear() {
    held.clear()
    gone.clear()
    mine.clear()
  }

  return {
    /** The caller's groups, with the state of the list's loading in `mine`. */
    list,
    mine,
    get,
    role,
    missing,
    administers,
    put,
    putShared,
    drop,
    load,
    discover,
    create,
    update,
    setPicture,
    remove,
    join,
    leave,
    showKept,
    members,
    memberChange,
    memberChanged,
    setRole,
    kick,
    ban,
    unban,
    bans,
    invites,
    createInvite,
    deleteInvite,
    previewInvite,
    acceptInvite,
    createChannel,
    updateChannel,
    deleteChannel,
    clear,
  }
})
