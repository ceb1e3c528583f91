/** Which store hears of which frame, and what it makes of it. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, type ErrorCode } from '~/api/error'
import type { ServerFrame } from './frames'
import { useDispatch } from './dispatch'

/** What is asked of the API, and what it answers: nothing but empty lists, unless it is told so. */
const server = vi.hoisted(() => ({ asked: [] as string[], answers: {} as Record<string, unknown> }))
vi.mock('~/api/client', async (original) => {
  const answer = async (path: string, options?: { params?: { path?: { id?: string } } }) => {
    const asked = path.replace('{id}', options?.params?.path?.id ?? '')
    server.asked.push(asked)
    const found = server.answers[asked] ?? { items: [] }
    if (typeof found === 'string') throw new ApiError(found as ErrorCode, 404)
    return found
  }
  return { ...(await original<object>()), ok: (data: unknown) => data, api: { GET: answer } }
})

const user = (id: string, display_name = id) => ({ id, username: id, display_name }) as never
const group = { id: 'g', name: 'Engines', version: 3, my_role: 'member', channels: [] } as never
const member = (id: string, role: string) => ({ user: user(id), role })
const marks = { delivered_seq: 0, read_seq: 0 }
const channel = { id: 'c', kind: 'channel', group_id: 'g', name: 'talk', last_seq: 0, rev: 1 }
const conversation = { ...channel, receipts: marks, me: { ...marks, version: 0 }, view: 'tag' }

const settled = () => new Promise((resolve) => setTimeout(resolve))
const catchUp = vi.fn()

/** Brings frames to the stores, as the socket does; what they ask for is there afterwards. */
async function hear(...frames: object[]) {
  const dispatch = useDispatch(catchUp)
  frames.forEach((frame) => dispatch(frame as ServerFrame))
  await settled()
}

beforeEach(async () => {
  setActivePinia(createPinia())
  Object.assign(server, { asked: [], answers: {} })
  catchUp.mockClear()
  const cache = { rooms: async () => [], kept: async () => undefined, saveRoom: () => undefined }
  const hooks = { changed: () => undefined, told: () => undefined, accountMoved: vi.fn() }
  await useRooms().start('ada', cache as never, hooks)
})
afterEach(() => {
  useTyping().clear()
  useRooms().stop()
})

describe('the connection', () => {
  it('catches up whenever it is ready, and on groups when it is of a new one', async () => {
    await hear({ type: 'ready', reason: 'connected' })
    expect(catchUp).toHaveBeenCalledTimes(1)
    expect(server.asked).toEqual([])
    await hear({ type: 'ready', reason: 'joined' })
    expect(catchUp).toHaveBeenCalledTimes(2)
    expect(server.asked).toEqual(['/v1/groups'])
  })

  it('drops what it holds when `hello` is of another epoch', async () => {
    server.answers['/v1/conversations/c'] = conversation
    await useRooms().find('c')
    await hear({ type: 'hello', epoch: 'one' })
    expect(useRooms().rooms.size).toBe(1)
    await hear({ type: 'hello', epoch: 'two' })
    expect(useRooms().rooms.size).toBe(0)
  })

  it('passes over what only a newer client knows', async () => {
    await hear({ type: 'poll.closed', poll_id: 'p' })
    expect(server.asked).toEqual([])
  })
})

describe('a conversation', () => {
  const message = { id: 'm', seq: 1, rev: 2, sender_id: 'bob', reactions: [], mentions: [] }
  const created = { type: 'message.created', conversation_id: 'c', rev: 2, message }

  it('has what is told of it, and is asked for when it is not held', async () => {
    server.answers['/v1/conversations/c'] = conversation
    await hear(created)
    expect(server.asked).toContain('/v1/conversations/c')
    await hear(created)
    expect(useRooms().rooms.get('c')?.messages).toEqual([message])
  })
})

describe('what people do just now', () => {
  const typing = { type: 'typing', conversation_id: 'c', user_id: 'bob', typing: true }

  it('is shown: who writes, until they have sent it', async () => {
    server.answers['/v1/conversations/c'] = conversation
    await hear(typing, { ...typing, user_id: 'cleo' })
    expect(useTyping().who('c')).toEqual(['bob', 'cleo'])
    const message = { id: 'm', seq: 1, rev: 2, sender_id: 'bob' }
    await hear({ type: 'message.created', conversation_id: 'c', rev: 2, message })
    expect(useTyping().who('c')).toEqual(['cleo'])
  })

  it('is shown: who is there', async () => {
    await hear({ type: 'presence', user_id: 'bob', status: 'online' })
    expect(usePresence().of('bob').online).toBe(true)
  })
})

describe('people', () => {
  it('have the name that they have given themselves, also oneself', async () => {
    const session = useSession()
    vi.spyOn(session, 'heard')
    await hear({ type: 'user.updated', account_rev: 1, user: user('bob', 'Robert') })
    expect(usePeople().name('bob')).toBe('Robert')
    expect(session.heard).toHaveBeenCalledWith(user('bob', 'Robert'))
  })

  const request = { id: 'r', from: user('bob'), to: user('ada'), status: 'pending' }
  it.each([
    [
      'contacts',
      { type: 'contact', contact: { user: user('bob'), alias: 'Bobby' } },
      { type: 'contact.removed', user_id: 'bob' },
    ],
    [
      'requests',
      { type: 'friend_request', friend_request: request },
      { type: 'friend_request.removed', friend_request_id: 'r' },
    ],
    ['friends', { type: 'friend', user: user('bob') }, { type: 'friend.removed', user_id: 'bob' }],
    ['blocks', { type: 'block', user: user('bob') }, { type: 'block.removed', user_id: 'bob' }],
  ] as const)('come among the %s, and go', async (list, come, go) => {
    await hear({ ...come, account_rev: 1 })
    const people = usePeople()
    expect(people[list].data).toHaveLength(1)
    const others = (['contacts', 'requests', 'friends', 'blocks'] as const).filter(
      (other) => other !== list,
    )
    expect(others.map((other) => people[other].data.length)).toEqual([0, 0, 0])
    await hear({ ...go, account_rev: 2 })
    expect(people[list].data).toEqual([])
  })

  it('are loaded anew when a frame about them was missed', async () => {
    const rooms = useRooms()
    vi.spyOn(rooms, 'takeAccount')
    await hear({ type: 'friend.removed', account_rev: 7, user_id: 'bob' }, { type: 'pong' })
    expect(vi.mocked(rooms.takeAccount).mock.calls).toEqual([[7]])
  })
})

describe('groups', () => {
  const renamed = { id: 'g', name: 'Motors', version: 4 }

  it('that are known change, and keep what is the caller’s own', async () => {
    useGroups().put(group)
    await hear({ type: 'group.updated', account_rev: 1, group_id: 'g', group: renamed })
    expect(useGroups().get('g')).toMatchObject({ name: 'Motors', my_role: 'member' })
    expect(server.asked).toEqual([])
  })

  it('that are not known are asked for with all others', async () => {
    server.answers['/v1/groups'] = { items: [group] }
    await hear({ type: 'group.updated', account_rev: 1, group_id: 'g', group: renamed })
    expect(useGroups().list.map(({ id }) => id)).toEqual(['g'])
  })

  it('that are removed go', async () => {
    useGroups().put(group)
    await hear({ type: 'group.removed', account_rev: 1, group_id: 'g' })
    expect(useGroups().missing('g')).toBe(true)
  })

  it('tell lists of members who came and went', async () => {
    const left = { type: 'member.left', group_id: 'g', user_id: 'bob', version: 3 }
    await hear({
      type: 'member.joined',
      group_id: 'g',
      version: 3,
      member: member('bob', 'member'),
    })
    expect(useGroups().memberChange?.type).toBe('member.joined')
    await hear({
      type: 'member.updated',
      group_id: 'g',
      version: 3,
      member: member('bob', 'admin'),
    })
    expect(useGroups().memberChange?.type).toBe('member.updated')
    await hear(left)
    expect(useGroups().memberChange).toEqual(left)
    expect(usePeople().users.has('bob')).toBe(true)
  })

  it.each([
    ['conversation.created', { conversation: channel, rev: 1 }],
    ['conversation.updated', { conversation: channel, rev: 2 }],
    ['conversation.removed', { conversation_id: 'c' }],
  ])('have their channels told by the API after %s', async (type, frame) => {
    server.answers['/v1/conversations/c'] = conversation
    server.answers['/v1/groups/g'] = { ...(group as object), channels: [channel] }
    await useRooms().find('c')
    useGroups().put(group)
    await hear({ type, ...frame })
    expect(useGroups().get('g')?.channels).toEqual([channel])
  })

  it('are not asked for by what happens to a chat of two, or in a group that is not known', async () => {
    server.answers['/v1/conversations/c'] = conversation
    const direct = { ...channel, kind: 'direct', group_id: null }
    await hear(
      { type: 'conversation.updated', rev: 2, conversation: direct },
      { type: 'conversation.updated', rev: 2, conversation: channel },
    )
    expect(server.asked.filter((path) => path.startsWith('/v1/groups'))).toEqual([])
  })

  it('stay as they are while the API cannot be asked', async () => {
    server.answers['/v1/conversations/c'] = conversation
    server.answers['/v1/groups/g'] = 'unavailable'
    useGroups().put(group)
    await hear({ type: 'conversation.created', rev: 1, conversation: channel })
    expect(useGroups().get('g')).toEqual(group)
  })
})
