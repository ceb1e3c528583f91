import { mockNuxtImport, mountSuspended } from '@nuxt/test-utils/runtime'
import { flushPromises } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '~/api/wire'
import { RecordingError, type Ending } from '~/sound/recording'
import SoundRecorder from './SoundRecorder.vue'

const { session, record, upload, attempt, done } = vi.hoisted(() => ({
  session: { status: '', userId: 'ada', restore() {} },
  record: vi.fn(),
  upload: vi.fn(),
  attempt: vi.fn(),
  done: vi.fn(),
}))
mockNuxtImport('useSession', () => () => session)
vi.mock('~/sound/recording', async (original) => ({ ...(await original<object>()), record }))
vi.mock('~/api/upload', () => ({ upload }))
vi.mock('~/composables/useNotice', () => ({ useNotice: () => ({ attempt, done }) }))

const CHAT = 'chat'
const file = new File(['said'], 'voice-2026-11-28-18.30.05-2s.webm', { type: 'audio/webm' })
const attachment = { id: 'a', name: file.name, content_type: file.type, size: 4, url: '' }
const stop = vi.fn(async () => file)
let endedByItself: (file: File, why: Ending) => void

async function open() {
  const bar = await mountSuspended(SoundRecorder, { props: { conversationId: CHAT } })
  await flushPromises()
  return bar
}
/** Until it is long enough to be sent. */
const speak = () => vi.advanceTimersByTimeAsync(1000)

describe('the bar of a recording', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.clearAllMocks()
    session.status = 'signed-in'
    useUploads().clear()
    useComposition().clear()
    upload.mockResolvedValue(attachment)
    record.mockImplementation(async (_signal, itself) => {
      endedByItself = itself
      const begun = Date.now()
      return { elapsedMs: () => Date.now() - begun, level: () => 0.5, stop }
    })
    return () => vi.useRealTimers()
  })

  it('sends a message of its own once it is uploaded, as the answer that was begun', async () => {
    const send = vi.spyOn(useMessages(), 'send').mockReturnValue('')
    const message = { id: 'm', conversation_id: CHAT, seq: 7, sender_id: 'ada', body: 'so?' }
    useComposition().begin({ kind: 'reply', message: message as Message })
    const bar = await open()
    await speak()
    await bar.trigger('keydown', { key: 'Enter' })
    await flushPromises()
    expect(send.mock.calls).toEqual([
      [
        CHAT,
        {
          body: '',
          attachments: [attachment],
          replyTo: { message_id: 'm', seq: 7, sender_id: 'ada', excerpt: 'so?' },
        },
      ],
    ])
    expect(useUploads().of(CHAT)).toEqual([])
    expect(useComposition().get(CHAT)).toBeNull()
    expect(bar.emitted('end')).toHaveLength(1)
  })

  it('does not send a slip of the finger', async () => {
    const bar = await open()
    await bar.trigger('keydown', { key: 'Enter' })
    expect(stop).not.toHaveBeenCalled()
    expect(bar.emitted('end')).toBeUndefined()
  })

  it('discards by Escape, and gives it back to whoever wants it', async () => {
    const bar = await open()
    await speak()
    await bar.trigger('keydown', { key: 'Escape' })
    await flushPromises()
    expect(stop).toHaveBeenCalledOnce()
    expect(upload).not.toHaveBeenCalled()
    expect(useUploads().of(CHAT)).toEqual([])
    done.mock.calls[0]?.[1]()
    expect(
      useUploads()
        .of(CHAT)
        .map((entry) => entry.file),
    ).toEqual([file])
  })

  it('leaves what was said in the tray when one goes elsewhere', async () => {
    const bar = await open()
    await speak()
    bar.unmount()
    await flushPromises()
    expect(stop).toHaveBeenCalledOnce()
    expect(useUploads().of(CHAT)).toMatchObject([{ file, go: null }])
    expect(done).toHaveBeenCalledOnce()
  })

  it('and when it ends by itself', async () => {
    const bar = await open()
    endedByItself(file, 'long')
    expect(useUploads().of(CHAT)).toHaveLength(1)
    expect(done.mock.calls[0]?.[0]).toContain('10 minutes')
    bar.unmount()
    await flushPromises()
    expect(useUploads().of(CHAT)).toHaveLength(1)
  })

  it('leaves nothing to whoever signs in next', async () => {
    const bar = await open()
    await speak()
    session.status = 'anonymous'
    bar.unmount()
    await flushPromises()
    expect(stop).toHaveBeenCalledOnce()
    expect(useUploads().of(CHAT)).toEqual([])
  })

  it('says what is in the way, until it is tried again', async () => {
    record.mockRejectedValueOnce(new RecordingError('refused'))
    const bar = await open()
    expect(bar.get('[role=alert]').text()).toContain('not allowed')
    await bar.get('button').trigger('click')
    await flushPromises()
    expect(bar.find('[role=alert]').exists()).toBe(false)
    expect(bar.find('[role=timer]').exists()).toBe(true)
  })
})
