// How loud the microphone is, at any moment.
import { levelOf } from './levels'

/** As long as what is measured, in samples: a twentieth of a second. */
const WINDOW = 2048

export interface Meter {
  level(): number
  close(): void
}

export function meterOf(stream: MediaStream): Meter {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: WINDOW })
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(WINDOW)
  return {
    level() {
      analyser.getFloatTimeDomainData(samples)
      return levelOf(samples)
    },
    close: () => void (context.state !== 'closed' && context.close()),
  }
}
