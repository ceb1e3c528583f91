// How loud sound is, as bars. A level is between 0 and 1, in equal steps for the ear.

/** Softer than this, below the loudest there is, is silence: a quiet room. */
const FLOOR_DB = -50

/** Of samples between -1 and 1. */
export function levelOf(samples: ArrayLike<number>, from = 0, to = samples.length): number {
  let sum = 0
  for (let at = from; at < to; at += 1) sum += (samples[at] ?? 0) ** 2
  const decibels = 10 * Math.log10(sum / Math.max(1, to - from))
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB))
}

/** So many bars for all of it. The loudest is a whole one: what was said softly is seen as well. */
export function barsOf(samples: ArrayLike<number>, count: number): number[] {
  const edge = (at: number) => Math.floor((at * samples.length) / count)
  const levels = Array.from({ length: count }, (_, at) => levelOf(samples, edge(at), edge(at + 1)))
  const loudest = Math.max(...levels)
  return loudest > 0 ? levels.map((level) => level / loudest) : levels
}

/** Lines of an SVG that is one unit high, and one for each bar wide; silence is a dot. */
export function linesOf(bars: readonly number[], from: number, to: number): string {
  const line = (level: number, at: number) =>
    `M${from + at + 0.5} ${round((1 - level) / 2)}V${round((1 + level) / 2)}`
  return bars.slice(from, to).map(line).join('')
}

const round = (value: number) => Math.round(value * 1000) / 1000
