// When a finger that moves along a message means to answer it. Distances are CSS pixels.

/** Closer to an edge of the window than this, a finger means the browser's own way back. */
const EDGE_PX = 24
/** Before this nobody can say where a finger goes. */
const SLOP_PX = 10
/** A line must be this much flatter than steep: scrolling is never quite straight. */
const FLATNESS = 2
/** From here on letting go answers. */
const REPLY_PX = 56
/** The bubble follows no farther. */
const FOLLOWED_PX = 72

export const mayStart = (x: number, width: number): boolean => x > EDGE_PX && x < width - EDGE_PX

/** `other`: it scrolls, or goes the other way, and is left alone until it is lifted. */
export type Course = 'open' | 'swipe' | 'other'

/** Of a finger that is this far from where it began. To answer, it goes as one reads. */
export function courseOf(dx: number, dy: number, rtl: boolean): Course {
  if (Math.hypot(dx, dy) < SLOP_PX) return 'open'
  return along(dx, rtl) > FLATNESS * Math.abs(dy) ? 'swipe' : 'other'
}

/** How far the bubble is drawn along. */
export const drawn = (dx: number, rtl: boolean): number =>
  Math.min(FOLLOWED_PX, Math.max(0, along(dx, rtl)))

export const answers = (drawnPx: number): boolean => drawnPx >= REPLY_PX

const along = (dx: number, rtl: boolean) => (rtl ? -dx : dx)
