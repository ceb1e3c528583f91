import { beforeEach, expect, it, vi } from 'vitest'
import { isLookedAt, look } from './looking'

beforeEach(() => {
  const held: { name: string }[] = []
  const locks = {
    async request(name: string, _options: object, hold: () => Promise<unknown>) {
      const lock = { name }
      held.push(lock)
      await hold()
      held.splice(held.indexOf(lock), 1)
    },
    query: async () => ({ held: [...held] }),
  }
  vi.stubGlobal('navigator', { locks })
})

it('is looked at as long as any tab looks', async () => {
  const [first, second] = [look('chat'), look('chat')]
  expect(await isLookedAt('chat')).toBe(true)
  expect(await isLookedAt('other')).toBe(false)
  first()
  expect(await isLookedAt('chat')).toBe(true)
  second()
  await vi.waitFor(async () => expect(await isLookedAt('chat')).toBe(false))
})
