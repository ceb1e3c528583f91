// A recording from the microphone: begun, paused, and ended, by whoever speaks or by itself. However
// it ends, the microphone is free at once.
import { formatOf, voiceName } from './format'
import { meterOf } from './meter'

/** As long as one speaks without asking whether anybody listens. */
export const LENGTH_MAX_MS = 10 * 60_000
/** Far below what the server takes, should a browser not keep to the bit rate. */
const BYTES_MAX = 20 * 1024 * 1024
/** Clear for speech: ten minutes are 2.4 MB. */
const BITS_PER_SECOND = 32_000
/** So often it is looked whether it has become too long. */
const SLICE_MS = 500

export type Trouble = 'refused' | 'missing' | 'busy' | 'unsupported'

export class RecordingError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble)
  }
}

/** Why it ended by itself: it is long enough, or the microphone went away. */
export type Ending = 'long' | 'lost'

export interface Recording {
  /** Of what is recorded, without the pauses. */
  elapsedMs(): number
  /** How loud it is now. */
  level(): number
  pause(): void
  resume(): void
  /** What was recorded. */
  stop(): Promise<File>
}

/** Rejects with a `RecordingError`; aborted, with the signal's reason. */
export async function record(
  signal: AbortSignal,
  endedByItself: (file: File, why: Ending) => void,
): Promise<Recording> {
  const format = formatOf((mime) => MediaRecorder.isTypeSupported(mime))
  if (!format) throw new RecordingError('unsupported')
  const stream = await microphone()
  const free = () => stream.getTracks().forEach((track) => track.stop())
  if (signal.aborted) {
    free()
    throw signal.reason
  }

  const recorder = new MediaRecorder(stream, {
    mimeType: format.mime,
    audioBitsPerSecond: BITS_PER_SECOND,
  })
  const meter = meterOf(stream)
  const begun = new Date()
  const parts: Blob[] = []
  const { promise, resolve } = Promise.withResolvers<File>()

  let countedMs = 0
  let countsSince: number | null = performance.now()
  const elapsedMs = () => countedMs + (countsSince === null ? 0 : performance.now() - countsSince)
  function count(on: boolean) {
    countedMs = elapsedMs()
    countsSince = on ? performance.now() : null
  }

  let asked = false
  let why: Ending = 'lost'
  function stop(): Promise<File> {
    asked = true
    end()
    return promise
  }
  function end() {
    count(false)
    if (recorder.state !== 'inactive') recorder.stop()
    meter.close()
    free()
  }

  recorder.ondataavailable = ({ data }) => {
    parts.push(data)
    const bytes = parts.reduce((sum, part) => sum + part.size, 0)
    if (recorder.state === 'inactive' || (elapsedMs() < LENGTH_MAX_MS && bytes < BYTES_MAX)) return
    why = 'long'
    end()
  }
  recorder.onstop = () => {
    end()
    const file = new File(parts, voiceName(begun, elapsedMs(), format), { type: format.type })
    resolve(file)
    if (!asked) endedByItself(file, why)
  }
  recorder.start(SLICE_MS)

  return {
    elapsedMs,
    level: meter.level,
    pause() {
      recorder.pause()
      count(false)
    },
    resume() {
      recorder.resume()
      count(true)
    },
    stop,
  }
}

async function microphone(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true })
  } catch (thrown) {
    throw new RecordingError(TROUBLES[(thrown as DOMException).name] ?? 'busy')
  }
}

/** By the names of what a browser throws; whatever else it is, the device does not work. */
const TROUBLES: Record<string, Trouble> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'missing',
}
