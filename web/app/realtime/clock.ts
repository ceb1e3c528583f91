/** Beats that go on in the background; see `beat.worker.ts`. */
import BeatWorker from './beat.worker?worker'

/** Calls back every `ms`, from a worker, or from this page where none can be started. */
export function every(ms: number, beat: () => void): () => void {
  try {
    const worker = new BeatWorker()
    worker.onmessage = beat
    worker.postMessage(ms)
    return () => worker.terminate()
  } catch {
    const timer = setInterval(beat, ms)
    return () => clearInterval(timer)
  }
}
