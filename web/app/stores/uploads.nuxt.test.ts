import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import type { Attachment } from '~/api/wire'
import { FILE_BYTES_MAX, FILES_MAX, useUploads } from './uploads'

/** The uploads that have begun, and how each of them ends. */
const begun = vi.hoisted(
  () =>
    [] as {
      file: File
      signal: AbortSignal
      done: (attachment: Attachment) => void
      fail: (error: unknown) => void
    }[],
)
vi.mock('~/api/upload', () => ({
  upload: (file: File, { signal }: { signal: AbortSignal }) =>
    new Promise((done, fail) => begun.push({ file, signal, done, fail })),
}))

const file = (name: string) => new File(['x'], name, { type: 'text/plain' })
const many = (count: number) => Array.from({ length: count }, (_, at) => file(`${at}.txt`))
const attachment = (id: string) => ({ id, name: id, content_type: 'text/plain', size: 1, url: '' })
const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('the tray of a conversation', () => {
  beforeEach(() => {
    setActivePinia(createPinia())
    begun.length = 0
  })

  it('takes as many files as a message holds, and says how many it leaves out', () => {
    const uploads = useUploads()
    expect(uploads.add('chat', many(FILES_MAX - 1))).toBe(0)
    expect(uploads.add('chat', many(3))).toBe(2)
    expect(uploads.of('chat')).toHaveLength(FILES_MAX)
    expect(uploads.of('another')).toEqual([])
  })

  it('sends three at a time, and the next when one is there or taken out', async () => {
    const uploads = useUploads()
    uploads.add('chat', many(5))
    expect(begun.map(({ file: { name } }) => name)).toEqual(['0.txt', '1.txt', '2.txt'])
    begun[0]?.done(attachment('a'))
    await settled()
    expect(begun).toHaveLength(4)

    const [, second] = uploads.of('chat')
    uploads.remove('chat', second?.key ?? '')
    expect(begun[1]?.signal.aborted).toBe(true)
    begun[1]?.fail(new DOMException('aborted', 'AbortError'))
    await settled()
    expect(begun).toHaveLength(5)
    expect(uploads.of('chat')).toHaveLength(4)
  })

  it('never sends what is taken out before its turn', async () => {
    const uploads = useUploads()
    uploads.add('chat', many(4))
    uploads.remove('chat', uploads.of('chat')[3]?.key ?? '')
    begun.forEach(({ done }, at) => done(attachment(String(at))))
    await settled()
    expect(begun).toHaveLength(3)
  })

  it('refuses what is too large without asking', () => {
    const uploads = useUploads()
    const large = file('large.bin')
    Object.defineProperty(large, 'size', { value: FILE_BYTES_MAX + 1 })
    uploads.add('chat', [large])
    expect(begun).toEqual([])
    expect(uploads.of('chat')[0]?.error?.code).toBe('too_large')
  })

  it('shows why one failed, and tries it again', async () => {
    const uploads = useUploads()
    uploads.add('chat', [file('a.txt')])
    begun[0]?.fail(new ApiError('unavailable', 503))
    await settled()
    const [entry] = uploads.of('chat')
    expect(entry?.error?.code).toBe('unavailable')
    if (entry) uploads.retry(entry)
    begun[1]?.done(attachment('a'))
    await settled()
    expect(uploads.of('chat')[0]).toMatchObject({ error: null, attachment: { id: 'a' } })
  })

  it('gives what is there to a message, in the order of choosing, and is empty then', async () => {
    const uploads = useUploads()
    uploads.add('chat', many(2))
    begun[1]?.done(attachment('second'))
    begun[0]?.done(attachment('first'))
    await settled()
    expect(uploads.take('chat').map(({ id }) => id)).toEqual(['first', 'second'])
    expect(uploads.of('chat')).toEqual([])
  })

  it('lets go what is a message by itself, also when it had to be tried again', async () => {
    const uploads = useUploads()
    const gone: string[] = []
    uploads.send('chat', file('note.webm'), ({ id }) => gone.push(id))
    begun[0]?.fail(new ApiError('unavailable', 503))
    await settled()
    const [entry] = uploads.of('chat')
    expect(entry?.error?.code).toBe('unavailable')
    if (entry) uploads.retry(entry)
    begun[1]?.done(attachment('a'))
    await settled()
    expect(gone).toEqual(['a'])
    expect(uploads.of('chat')).toEqual([])
  })

  it('sends the next message, with its own files, while one that goes by itself is on its way', async () => {
    const uploads = useUploads()
    const go = vi.fn()
    uploads.send('chat', file('note.webm'), go)
    uploads.add('chat', [file('a.txt')])
    expect(uploads.ofNext('chat').map((entry) => entry.file.name)).toEqual(['a.txt'])
    begun[1]?.done(attachment('a'))
    await settled()
    expect(uploads.take('chat').map(({ id }) => id)).toEqual(['a'])
    expect(begun[0]?.signal.aborted).toBe(false)
    expect(uploads.add('chat', many(FILES_MAX))).toBe(0)
    uploads.take('chat')
    begun[0]?.done(attachment('note'))
    await settled()
    expect(go.mock.calls).toEqual([[attachment('note')]])
    expect(uploads.of('chat')).toEqual([])
  })

  it('lets go several in their order, past one that failed or was taken out', async () => {
    const uploads = useUploads()
    const gone: string[] = []
    for (const name of ['a', 'b', 'c', 'd']) {
      uploads.send('chat', file(name), ({ id }) => gone.push(id))
    }
    begun[2]?.done(attachment('c'))
    await settled()
    begun[3]?.done(attachment('d'))
    await settled()
    expect(gone).toEqual([])
    begun[0]?.fail(new ApiError('unavailable', 503))
    await settled()
    expect(gone).toEqual([])
    uploads.remove('chat', uploads.of('chat')[1]?.key ?? '')
    expect(gone).toEqual(['c', 'd'])
    expect(uploads.of('chat').map((entry) => entry.file.name)).toEqual(['a'])
  })

  it('does not let go what was taken out', async () => {
    const uploads = useUploads()
    const go = vi.fn()
    uploads.send('chat', file('note.webm'), go)
    uploads.remove('chat', uploads.of('chat')[0]?.key ?? '')
    begun[0]?.done(attachment('a'))
    await settled()
    expect(go).not.toHaveBeenCalled()
  })
})
