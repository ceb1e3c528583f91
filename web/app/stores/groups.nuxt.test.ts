import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, type ErrorCode } from '~/api/error'
import { useGroups } from './groups'

const group = { id: 'g', name: 'Engines', version: 3, my_role: 'member', channels: [] }
/** What a request to come in is refused with, and whether the caller may know of the group. */
const server = vi.hoisted(() => ({ refusal: '' as string, known: true, posted: [] as string[] }))
vi.mock('~/api/client', async (original) => ({
  ...(await original<object>()),
  ok: (answer: unknown) => answer,
  api: {
    POST: async (path: string) => {
      server.posted.push(path)
      if (server.refusal) throw new ApiError(server.refusal as ErrorCode, 409)
      return group
    },
    GET: async () => {
      if (!server.known) throw new ApiError('not_found', 404)
      return group
    },
  },
}))

const ways = [
  ['by the list', () => useGroups().join('g'), '/v1/groups/{id}/join'],
  ['by a link', () => useGroups().acceptInvite('code', 'g'), '/v1/invites/{code}/accept'],
] as const

describe.each(ways)('coming into a group %s', (_name, come, path) => {
  beforeEach(() => {
    setActivePinia(createPinia())
    Object.assign(server, { refusal: '', known: true, posted: [] })
  })

  it('puts it among the own ones', async () => {
    expect((await come()).id).toBe('g')
    expect(useGroups().list.map(({ id }) => id)).toEqual(['g'])
    expect(server.posted).toEqual([path])
  })

  it('is nothing new for who is in it already', async () => {
    server.refusal = 'conflict'
    expect((await come()).id).toBe('g')
    expect(useGroups().list.map(({ id }) => id)).toEqual(['g'])
  })

  it('fails when it is refused, or the group is gone meanwhile', async () => {
    server.refusal = 'banned'
    await expect(come()).rejects.toMatchObject({ code: 'banned' })
    Object.assign(server, { refusal: 'conflict', known: false })
    await expect(come()).rejects.toMatchObject({ code: 'conflict' })
    expect(useGroups().list).toEqual([])
  })
})
