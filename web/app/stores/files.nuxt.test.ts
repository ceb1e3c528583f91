import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useFiles } from './files'

/** What was asked for, and until when an answer is good. */
const server = vi.hoisted(() => ({ asked: [] as string[][], expires: '', gone: '' }))
vi.mock('~/api/client', async (original) => ({
  ...(await original<object>()),
  ok: (answer: unknown) => answer,
  api: {
    POST: async (_path: string, { body: { ids } }: { body: { ids: string[] } }) => {
      server.asked.push(ids)
      const items = ids.filter((id) => id !== server.gone)
      return { items: items.map((id) => ({ id, url: `/${id}`, expires_at: server.expires })) }
    },
  },
}))

const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('addresses of files', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    server.asked = []
    server.gone = ''
    server.expires = new Date(Date.now() + 600_000).toISOString()
  })

  it('are asked for together, each once', async () => {
    const files = useFiles()
    expect([files.address('a'), files.address('b'), files.address('a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    await settled()
    expect(server.asked).toEqual([['a', 'b']])
    expect(files.address('a')?.url).toBe('/a')
    await settled()
    expect(server.asked).toHaveLength(1)
  })

  it('of what cannot be read are not asked for again', async () => {
    server.gone = 'gone'
    const files = useFiles()
    files.address('gone')
    await settled()
    expect(files.address('gone')).toBe(undefined)
    await settled()
    expect(server.asked).toEqual([['gone']])
  })

  it('are asked for anew once they have ended, and not because a file is broken', async () => {
    const files = useFiles()
    files.address('a')
    await settled()
    files.failed('a', '/a')
    expect((await files.fresh('a'))?.url).toBe('/a')
    await settled()
    expect(server.asked).toHaveLength(1)

    server.expires = new Date(Date.now() - 1000).toISOString()
    const ended = useFiles()
    ended.clear()
    ended.address('a')
    await settled()
    ended.failed('a', '/a')
    await settled()
    expect(server.asked).toHaveLength(3)
    await ended.fresh('a')
    expect(server.asked).toHaveLength(4)
  })
})
