import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '~/api/wire'
import type { Room } from '~/realtime/room'
import type { ConversationRow } from '~/types/conversation'

const server = vi.hoisted(() => ({ messages: [] as Message[] }))
vi.mock('~/api/client', async (original) => ({
  ...(await original<object>()),
  ok: (answer: unknown) => answer,
  api: { GET: async () => ({ items: server.messages }) },
}))

const sent = (seq: number) =>
  ({
    id: `m${seq}`,
    seq,
    created_at: '2026-11-03T12:00:00Z',
    attachments: [{ id: `f${seq}`, name: `${seq}.txt`, content_type: 'text/plain' }],
  }) as Message
const room = (part: Partial<Room>) =>
  ({ messages: [], hidden: new Set(), me: { cleared_seq: 0 }, ...part }) as unknown as Room

describe('shared files', () => {
  let scope = effectScope()
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
    scope = effectScope()
    server.messages = [sent(3), sent(2), sent(1)]
  })
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  async function shown(row = ref({ id: 'c', rev: 1 } as ConversationRow)) {
    const found = scope.run(() => useSharedFiles(() => row.value))
    await vi.advanceTimersByTimeAsync(0)
    return () => found?.months.value.flatMap(({ others }) => others.map(({ file }) => file.id))
  }

  it('go at once where it is known that they are gone', async () => {
    const files = await shown()
    expect(files()).toEqual(['f3', 'f2', 'f1'])
    const { rooms } = useRooms()
    rooms.set('c', room({ hidden: new Set(['m2']) }))
    expect(files()).toEqual(['f3', 'f1'])
    rooms.set('c', room({ messages: [{ ...sent(3), deleted_at: '2026-11-03T12:01:00Z' }] }))
    expect(files()).toEqual(['f2', 'f1'])
    rooms.set('c', room({ me: { cleared_seq: 2 } as Room['me'] }))
    expect(files()).toEqual(['f3'])
  })

  it('are asked for again when something changed', async () => {
    const row = ref({ id: 'c', rev: 1 } as ConversationRow)
    const files = await shown(row)
    server.messages = [sent(4), ...server.messages]
    row.value = { ...row.value, rev: 2 }
    await vi.advanceTimersByTimeAsync(1000)
    expect(files()).toEqual(['f4', 'f3', 'f2', 'f1'])
  })
})
