import { mockNuxtImport } from '@nuxt/test-utils/runtime'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, type ErrorCode } from '~/api/error'
import type { Group, Message, User } from '~/api/wire'
import type { InsideLink } from '~/inside/links'

const server = vi.hoisted(() => ({
  asked: [] as string[],
  refusal: '',
  status: 0,
  items: [] as unknown[],
}))
vi.mock('~/api/client', async (original) => ({
  ...(await original<object>()),
  ok: (answer: unknown) => answer,
  api: {
    GET: async (path: string) => {
      server.asked.push(path)
      if (server.refusal) throw new ApiError(server.refusal as ErrorCode, server.status)
      if (path.startsWith('/v1/invites'))
        return { group_id: 'g', name: 'Diggers', member_count: 3, description: '' }
      return { items: server.items }
    },
  },
}))
const here = vi.hoisted(() => ({ params: { id: 'open' }, query: { details: 'pins' } }))
mockNuxtImport('useRoute', () => () => here)
/** The conversations that the reader is in, and the messages of those that are held. */
const held = shallowReactive(new Map<string, Message>())
const rows: Record<string, object> = {
  open: { id: 'open', kind: 'direct', title: 'Bob', groupId: null },
  channel: { id: 'channel', kind: 'channel', title: 'general', groupId: 'g' },
}
mockNuxtImport('useConversations', () => () => ({
  status: 'ready',
  get: (id: string) => rows[id],
}))
mockNuxtImport('useMessages', () => () => ({
  held: (id: string, seq: number) => held.get(`${id}/${seq}`),
}))

const said = (body: string, part: Partial<Message> = {}) =>
  ({ seq: 7, sender_id: 'ada', body, attachments: [], ...part }) as unknown as Message
const invite: InsideLink = { kind: 'invite', code: 'code' }
const message = (conversationId: string): InsideLink => ({
  kind: 'message',
  conversationId,
  seq: 7,
})

async function card(link: InsideLink) {
  const shown = effectScope().run(() => useInsideCard(() => link))
  void shown?.value
  await vi.waitFor(() => expect(shown?.value).toBeDefined())
  return () => shown?.value
}

describe('the card of a link', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    Object.assign(server, { asked: [], refusal: '', status: 0, items: [] })
    held.clear()
    usePeople().remember({ id: 'ada', display_name: 'Ada' } as User)
  })

  it('invites into a group, and opens one that the reader is in', async () => {
    const shown = await card(invite)
    expect(shown()).toMatchObject({ to: '/invite/code', title: 'Diggers', action: 'Join' })
    expect(shown()?.text).toBe('3 members')
    useGroups().put({ id: 'g', version: 1, my_role: 'member', channels: [] } as unknown as Group)
    expect(shown()).toMatchObject({ to: '/groups/g', action: 'Open' })
  })

  it.each([
    ['invite_gone', 410, null, 'This invitation has ended'],
    ['not_found', 404, null, 'There is no such invitation'],
    ['network', 0, '/invite/code', 'You are invited'],
  ] as const)('says quietly what there is to say: %s', async (refusal, status, to, title) => {
    Object.assign(server, { refusal, status })
    const shown = await card(invite)
    expect([shown()?.to, shown()?.title, shown()?.action]).toEqual([to, title, undefined])
  })

  it('shows a message that is held without a question, and follows it', async () => {
    held.set('open/7', said('tea ||at four||'))
    const shown = await card(message('open'))
    expect(shown()).toMatchObject({
      to: { query: { details: 'pins', at: '7' } },
      here: true,
      title: 'Ada',
      text: 'tea █████',
    })
    held.set('open/7', said('', { deleted_at: 'now' }))
    expect(shown()).toMatchObject({ to: null, title: 'This message was deleted.' })
    expect(server.asked).toEqual([])
  })

  it('asks once for one elsewhere, which may be gone', async () => {
    server.items = [said('under the oak')]
    const shown = await card(message('channel'))
    expect(shown()).toMatchObject({
      to: { path: '/groups/g/channel', query: { at: '7' } },
      title: 'Ada · general',
      text: 'under the oak',
    })
    await card(message('channel'))
    expect(server.asked).toEqual(['/v1/conversations/{id}/messages'])

    setActivePinia(createPinia())
    server.items = [said('the one before', { seq: 6 })]
    const gone = await card(message('channel'))
    expect(gone()).toMatchObject({ to: null, title: 'This message is not there any more.' })
  })

  it('asks nothing about a chat that the reader is not in', async () => {
    const shown = await card(message('foreign'))
    expect(shown()).toMatchObject({ to: null, title: 'A message in a chat that you are not in' })
    expect(server.asked).toEqual([])
  })
})
