import { mockNuxtImport } from '@nuxt/test-utils/runtime'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import type { Attachment, Message } from '~/api/wire'
import type { Draft } from '~/types/timeline'
import { useForwarding, type Target } from './useForwarding'

const { sent, deleted, uploading, download } = vi.hoisted(() => ({
  sent: [] as { to: string; body: string; files: string[] }[],
  deleted: new Set<number>(),
  uploading: [] as { name: string; signal: AbortSignal; done: (made: Attachment) => void }[],
  download: vi.fn(async (_address: string) => new Blob(['x'])),
}))
vi.mock('~/api/download', () => ({ download }))
vi.mock('~/api/upload', () => ({
  upload: ({ name }: File, { signal }: { signal: AbortSignal }) =>
    new Promise((done) => uploading.push({ name, signal, done })),
}))
mockNuxtImport('useMessages', () => () => ({
  send: (to: string, { body, attachments = [] }: Draft) =>
    sent.push({ to, body, files: attachments.map(({ id }) => id) }),
  held: (_id: string, seq: number) => (deleted.has(seq) ? { deleted_at: 'now' } : undefined),
}))
mockNuxtImport('useConversations', () => () => ({
  openDirect: async (user: string) => `chat with ${user}`,
}))
mockNuxtImport('useFiles', () => () => ({
  fresh: async (id: string) => ({ url: `/v1/files/${id}` }),
}))
mockNuxtImport('useSession', () => () => ({ userId: 'me' }))
mockNuxtImport('useI18n', () => () => ({
  t: (key: string) => (key === 'forward.mark' ? '_↪ Forwarded_' : key),
  te: () => true,
}))

const file = (id: string) => ({ id, name: id, content_type: 'text/plain', size: 1, url: '' })
const message = (seq: number, sender_id: string, body: string, files: string[] = []) =>
  ({
    id: `m${seq}`,
    conversation_id: 'here',
    seq,
    sender_id,
    body,
    attachments: files.map(file),
  }) as unknown as Message
const targets: Target[] = [
  { id: 'there', name: 'There', conversationId: 'there' },
  { id: 'bob', name: 'Bob', conversationId: null },
]
const settled = () => new Promise((resolve) => setTimeout(resolve))

/** As a dialog has it: it ends when that closes. */
function forwarding(messages: Message[]) {
  const scope = effectScope()
  const done = vi.fn()
  const it = scope.run(() => useForwarding(messages, done))
  if (!it) throw new Error('no scope')
  return { ...it, done, close: () => scope.stop() }
}

async function uploadAll() {
  for (let at = 0; at < uploading.length; at += 1) {
    uploading[at]?.done(file(`copy ${at} of ${uploading[at]?.name}`))
    await settled()
  }
}

describe('what is forwarded', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    sent.length = uploading.length = 0
    deleted.clear()
    download.mockReset().mockImplementation(async () => new Blob(['x']))
  })

  it('goes in order to each chat, also to one that has to be begun', async () => {
    const { start, done } = forwarding([message(1, 'ada', 'one'), message(2, 'me', 'two')])
    await start(targets)
    await settled()
    expect(sent.map(({ to, body }) => [to, body])).toEqual([
      ['there', '_↪ Forwarded_\none'],
      ['there', 'two'],
      ['chat with bob', '_↪ Forwarded_\none'],
      ['chat with bob', 'two'],
    ])
    expect(done).toHaveBeenCalledExactlyOnceWith(2)
  })

  it('waits for its files, which are fetched once and uploaded for each chat', async () => {
    const { start, tray } = forwarding([
      message(1, 'me', 'one', ['a.txt']),
      message(2, 'me', 'two'),
    ])
    await start(targets)
    await settled()
    expect(download.mock.calls.map(([address]) => address)).toEqual(['/v1/files/a.txt'])
    expect(uploading.map(({ name }) => name)).toEqual(['a.txt', 'a.txt'])
    expect(tray.value).toHaveLength(1)
    uploading[0]?.done(file('first'))
    await settled()
    expect(sent).toEqual([])
    uploading[1]?.done(file('second'))
    await settled()
    expect(sent).toEqual([
      { to: 'there', body: 'one', files: ['first'] },
      { to: 'there', body: 'two', files: [] },
      { to: 'chat with bob', body: 'one', files: ['second'] },
      { to: 'chat with bob', body: 'two', files: [] },
    ])
  })

  it('leaves out a file that is taken out, and a message that was nothing else', async () => {
    const { start, tray, remove, done } = forwarding([
      message(1, 'ada', '', ['a.txt']),
      message(2, 'me', 'two', ['b.txt', 'c.txt']),
    ])
    await start(targets)
    for (const name of ['a.txt', 'b.txt']) {
      const tile = tray.value.find((upload) => upload.file.name === name)
      if (tile) remove(tile)
    }
    await uploadAll()
    expect(sent.map(({ to, body, files }) => [to, body, files.length])).toEqual([
      ['there', 'two', 1],
      ['chat with bob', 'two', 1],
    ])
    expect(sent.flatMap(({ files }) => files).every((name) => name.endsWith('c.txt'))).toBe(true)
    expect(done).toHaveBeenCalledExactlyOnceWith(1)
  })

  it('is not what was deleted meanwhile', async () => {
    const { start, problem } = forwarding([message(1, 'ada', 'one')])
    deleted.add(1)
    await start(targets)
    await settled()
    expect(problem.value).toBe('message.gone')
    expect(sent).toEqual([])
  })

  it('says which file could not be had, and sends nothing', async () => {
    download.mockRejectedValue(new ApiError('not_found', 404))
    const { start, problem, phase } = forwarding([message(1, 'me', 'one', ['a.txt'])])
    await start(targets)
    expect(problem.value).toBe('forward.not_fetched')
    expect(phase.value).toBe('choosing')
    expect(sent).toEqual([])
  })

  it('ends with its dialog: nothing is uploaded further, nothing is sent', async () => {
    const { start, close } = forwarding([message(1, 'me', 'one', ['a.txt'])])
    await start(targets)
    close()
    await uploadAll()
    expect(uploading.every(({ signal }) => signal.aborted)).toBe(true)
    expect(sent).toEqual([])
  })
})
