// Names keep their direction to themselves: a Hebrew name must not turn what is around it.

const FIRST_STRONG_ISOLATE = '\u2068'
const POP_DIRECTIONAL_ISOLATE = '\u2069'
/** Scripts from right to left, and the invisible signs that make such a direction. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** What somebody wrote, for the middle of a text without markup: a title, a label, a notice. */
export function isolate(written: string): string {
  if (!RIGHT_TO_LEFT.test(written)) return written
  return FIRST_STRONG_ISOLATE + written + POP_DIRECTIONAL_ISOLATE
}
