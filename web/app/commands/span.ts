// A time as one writes it behind a command: `30m`, `2h`, `1d`, `1w`.

const MINUTE_MS = 60_000
const UNITS_MS: Record<string, number> = {
  m: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 24 * 60 * MINUTE_MS,
  w: 7 * 24 * 60 * MINUTE_MS,
}

const SPAN = /^([1-9]\d{0,3}) ?([mhdw])$/i

/** In milliseconds; null if it is no time. */
export function spanOf(written: string): number | null {
  const [, count, unit = ''] = SPAN.exec(written) ?? []
  const unitMs = UNITS_MS[unit.toLowerCase()]
  return unitMs ? Number(count) * unitMs : null
}
