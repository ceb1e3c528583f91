// A short soft tone of our own: two notes upwards, made by the browser when they are heard.

const NOTES = [
  { hz: 587.33, after_s: 0 },
  { hz: 880, after_s: 0.13 },
]
const FADE_IN_S = 0.015
const FADE_OUT_S = 0.5
/** Of the loudest there is. */
const LOUDNESS = 0.1
const SILENCE = 0.0001
/** What comes together is heard once. */
const REST_MS = 1500
/** A browser that does not let it sound does not say so: it only waits. */
const PATIENCE_MS = 300

let context: AudioContext | null = null
let heardAt = -Infinity

/** Answers whether it is heard: nothing may sound before somebody has touched the page. */
export async function ring(): Promise<boolean> {
  if (performance.now() - heardAt < REST_MS) return true
  // Where it may not, asking for it is a warning in the console.
  if (!navigator.userActivation?.hasBeenActive || !('AudioContext' in window)) return false
  context ??= new AudioContext()
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  await Promise.race([context.resume(), patience])
  if (context.state !== 'running') return false
  heardAt = performance.now()
  for (const note of NOTES) sound(context, note)
  return true
}

function sound(on: AudioContext, { hz, after_s }: (typeof NOTES)[number]) {
  const from = on.currentTime + after_s
  const volume = new GainNode(on, { gain: SILENCE })
  volume.gain.setValueAtTime(SILENCE, from)
  volume.gain.exponentialRampToValueAtTime(LOUDNESS, from + FADE_IN_S)
  volume.gain.exponentialRampToValueAtTime(SILENCE, from + FADE_IN_S + FADE_OUT_S)
  const oscillator = new OscillatorNode(on, { frequency: hz })
  oscillator.connect(volume).connect(on.destination)
  oscillator.start(from)
  oscillator.stop(from + FADE_IN_S + FADE_OUT_S)
}
