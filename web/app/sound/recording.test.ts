import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LENGTH_MAX_MS, record } from './recording'

const meter = vi.hoisted(() => ({ level: () => 0.5, close: vi.fn() }))
vi.mock('./meter', () => ({ meterOf: () => meter }))

/** A recorder that is told what it hears. */
class FakeRecorder {
  static isTypeSupported = (mime: string) => mime === 'audio/mp4'
  static last: FakeRecorder
  state = 'inactive'
  ondataavailable: (event: { data: Blob }) => void = () => {}
  onstop: () => void = () => {}
  constructor(
    readonly stream: unknown,
    readonly options: MediaRecorderOptions,
  ) {
    FakeRecorder.last = this
  }
  start = () => void (this.state = 'recording')
  pause = () => void (this.state = 'paused')
  resume = () => void (this.state = 'recording')
  /** As a browser does, it tells the rest later. */
  stop() {
    this.state = 'inactive'
    setTimeout(() => {
      this.hear('end')
      this.onstop()
    })
  }
  hear(sound: BlobPart) {
    this.ondataavailable({ data: new Blob([sound]) })
  }
}

const track = { stop: vi.fn() }
let answer: () => Promise<unknown>
const itself = vi.fn()
const begin = () => record(new AbortController().signal, itself)

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 28, 18, 30, 5) })
  vi.clearAllMocks()
  answer = () => Promise.resolve({ getTracks: () => [track] })
  vi.stubGlobal('MediaRecorder', FakeRecorder)
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => answer() } })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a recording', () => {
  it('is a file of all that was heard, named by when and how long', async () => {
    const recording = await begin()
    FakeRecorder.last.hear('one ')
    vi.advanceTimersByTime(2000)
    const stopped = recording.stop()
    await vi.runAllTimersAsync()
    const file = await stopped
    expect([file.name, file.type]).toEqual(['voice-2026-11-28-18.30.05-2s.m4a', 'audio/mp4'])
    expect(await file.text()).toBe('one end')
    expect(FakeRecorder.last.options.mimeType).toBe('audio/mp4')
    expect(itself).not.toHaveBeenCalled()
  })

  it('gives the microphone back at once, before the rest of it is there', async () => {
    const recording = await begin()
    expect(track.stop).not.toHaveBeenCalled()
    void recording.stop()
    expect(track.stop).toHaveBeenCalled()
    expect(meter.close).toHaveBeenCalled()
  })

  it('does not count its pauses', async () => {
    const recording = await begin()
    vi.advanceTimersByTime(1000)
    recording.pause()
    vi.advanceTimersByTime(60_000)
    expect(recording.elapsedMs()).toBe(1000)
    recording.resume()
    vi.advanceTimersByTime(500)
    expect(recording.elapsedMs()).toBe(1500)
  })

  it('ends by itself when it is long enough, and nothing of it is lost', async () => {
    await begin()
    vi.advanceTimersByTime(LENGTH_MAX_MS - 1)
    FakeRecorder.last.hear('nearly ')
    expect(FakeRecorder.last.state).toBe('recording')
    vi.advanceTimersByTime(1)
    FakeRecorder.last.hear('all ')
    await vi.runAllTimersAsync()
    expect(itself.mock.calls.map(([, why]) => why)).toEqual(['long'])
    expect(await (itself.mock.calls[0]?.[0] as File).text()).toBe('nearly all end')
    expect(track.stop).toHaveBeenCalled()
  })

  it('ends by itself long before the server would refuse it', async () => {
    await begin()
    FakeRecorder.last.hear(new Uint8Array(20 * 1024 * 1024))
    await vi.runAllTimersAsync()
    expect(itself).toHaveBeenCalledOnce()
  })

  it('is kept when the microphone goes away', async () => {
    await begin()
    FakeRecorder.last.hear('until then')
    FakeRecorder.last.stop()
    await vi.runAllTimersAsync()
    expect(itself.mock.calls.map(([, why]) => why)).toEqual(['lost'])
  })
})

describe('what is in the way', () => {
  it.each([
    ['NotAllowedError', 'refused'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
  ])('of a recording that ends in %s is told as %s', async (name, trouble) => {
    answer = () => Promise.reject(new DOMException('', name))
    await expect(begin()).rejects.toMatchObject({ trouble })
  })

  it('may be that the browser has no format that others can play', async () => {
    vi.stubGlobal('MediaRecorder', { isTypeSupported: () => false })
    await expect(begin()).rejects.toMatchObject({ trouble: 'unsupported' })
  })

  it('may be whoever asked, who is gone by then: nobody is listened to', async () => {
    const asking = new AbortController()
    const begun = record(asking.signal, itself)
    asking.abort()
    await expect(begun).rejects.toMatchObject({ name: 'AbortError' })
    expect(track.stop).toHaveBeenCalled()
  })
})
