// All of a sound at once: how loud it is where, and how long it lasts, which a recorder could not
// write at its beginning.
import { barsOf } from './levels'

export interface Shape {
  bars: number[]
  seconds: number
}

/** What is larger would take too much memory for a picture of it: ten minutes of speech are less. */
export const DECODED_BYTES_MAX = 3 * 1024 * 1024
/** As many as are told apart on a phone. */
export const BARS = 40
/** Bars need no more of it, in samples a second. */
const RATE = 8000

/** Rejects where the browser does not know the format. */
export async function shapeOf(file: Blob): Promise<Shape> {
  const context = new OfflineAudioContext(1, 1, RATE)
  const sound = await context.decodeAudioData(await file.arrayBuffer())
  return { bars: barsOf(sound.getChannelData(0), BARS), seconds: sound.duration }
}
