import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Attachment } from '~/api/wire'
import { useSounds } from './sounds'

const { fresh, download, shapeOf, leave } = vi.hoisted(() => ({
  fresh: vi.fn(),
  download: vi.fn(),
  shapeOf: vi.fn(),
  leave: [] as ((to: { path: string }, from: { path: string }) => void)[],
}))
vi.mock('~/stores/files', () => ({ useFiles: () => ({ fresh }) }))
vi.mock('~/api/download', () => ({ download }))
vi.mock('~/sound/decode', () => ({ shapeOf, DECODED_BYTES_MAX: 100 }))

/** An element that plays as soon as it is told to. */
class FakeAudio {
  static last: FakeAudio
  paused = true
  currentTime = 0
  playbackRate = 1
  defaultPlaybackRate = 1
  src = ''
  refusal: DOMException | null = null
  duration = NaN
  onplay = () => {}
  ondurationchange = () => {}
  onpause = () => {}
  onended = () => {}
  constructor() {
    FakeAudio.last = this
  }
  async play() {
    if (this.refusal) throw this.refusal
    this.paused = false
    this.onplay()
  }
  pause() {
    this.paused = true
    this.onpause()
  }
  removeAttribute() {
    this.src = ''
  }
}

const file = (id: string, size = 10) => ({ id, size }) as Attachment

describe('what is heard', () => {
  beforeEach(() => {
    vi.clearAllMocks()
    localStorage.clear()
    leave.length = 0
    vi.stubGlobal('Audio', FakeAudio)
    vi.spyOn(useRouter(), 'afterEach').mockImplementation((guard) => {
      leave.push(guard as (typeof leave)[number])
      return () => {}
    })
    fresh.mockImplementation(async (id: string) => ({ url: `/${id}` }))
    setActivePinia(createPinia())
    return () => vi.unstubAllGlobals()
  })

  it('is one sound at a time, from its beginning', async () => {
    const sounds = useSounds()
    await sounds.toggle(file('one'))
    FakeAudio.last.currentTime = 3
    await sounds.toggle(file('two'))
    expect([sounds.current, sounds.playing, sounds.at]).toEqual(['two', true, 0])
    expect(FakeAudio.last.src).toBe('/two')
    await sounds.toggle(file('two'))
    expect([sounds.current, sounds.playing]).toEqual(['two', false])
  })

  it('is the one that was asked for last, whichever address comes first', async () => {
    const sounds = useSounds()
    let late = (_address: { url: string }) => {}
    fresh.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)))
    const first = sounds.toggle(file('one'))
    await sounds.toggle(file('two'))
    late({ url: '/one' })
    await first
    expect([sounds.current, FakeAudio.last.src]).toEqual(['two', '/two'])
  })

  it('lasts as long as the player knows, which of what was recorded it does not', async () => {
    const sounds = useSounds()
    const lasts = (duration: number) => {
      FakeAudio.last.duration = duration
      FakeAudio.last.ondurationchange()
    }
    await sounds.toggle(file('song'))
    lasts(240)
    expect(sounds.seconds).toBe(240)
    await sounds.toggle(file('note'))
    expect(sounds.seconds).toBeNull()
    lasts(Infinity)
    expect(sounds.seconds).toBeNull()
  })

  it('ends with its conversation, and not with a panel beside it', async () => {
    const sounds = useSounds()
    await sounds.toggle(file('one'))
    leave.forEach((left) => left({ path: '/chats/a' }, { path: '/chats/a' }))
    expect(sounds.playing).toBe(true)
    leave.forEach((left) => left({ path: '/chats/b' }, { path: '/chats/a' }))
    expect([sounds.playing, sounds.current]).toEqual([false, null])
  })

  it('says what a browser cannot play, and what is gone', async () => {
    const sounds = useSounds()
    FakeAudio.last.refusal = new DOMException('', 'NotSupportedError')
    await sounds.toggle(file('one'))
    expect([...sounds.failed]).toEqual(['one'])
    fresh.mockResolvedValueOnce(undefined)
    await expect(sounds.toggle(file('two'))).rejects.toMatchObject({ code: 'not_found' })
    expect(sounds.current).toBeNull()
  })

  it('goes at the speed of this device', async () => {
    const sounds = useSounds()
    sounds.faster()
    await nextTick()
    expect([sounds.speed, FakeAudio.last.playbackRate]).toEqual([1.5, 1.5])
    expect(localStorage.getItem('warren.speed')).toBe('1.5')
    sounds.faster()
    sounds.faster()
    expect(sounds.speed).toBe(1)
  })

  it('is looked at once, one after the other, unless it is large', async () => {
    const sounds = useSounds()
    shapeOf.mockRejectedValueOnce(new Error('strange')).mockResolvedValue({ bars: [1], seconds: 2 })
    for (const id of ['strange', 'one', 'one']) sounds.look(file(id))
    sounds.look(file('large', 101))
    await vi.waitFor(() => expect([...sounds.shapes.keys()]).toEqual(['one']))
    expect(fresh.mock.calls.flat()).toEqual(['strange', 'one'])
  })
})
