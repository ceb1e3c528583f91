// How large files stand in a bubble: known before they are there, so that nothing moves when they
// come.
import type { Attachment } from '~/api/wire'

/** In CSS pixels: a picture that stands alone fits in here, and is never smaller than a thumb. */
const BOX = { width: 320, height: 360 }
const SMALLEST = 96

export interface Size {
  width: number
  height: number
}

/** A file that is shown as a picture. */
export type Picture = Attachment & Size

export function isPicture(file: Attachment): file is Picture {
  return file.content_type.startsWith('image/') && Boolean(file.width && file.height)
}

/** As large as it is, or as fits; what is very long is cut, not drawn as a line. */
export function boxOf({ width, height }: Size): Size {
  const scale = Math.min(1, BOX.width / width, BOX.height / height)
  return {
    width: Math.max(SMALLEST, Math.round(width * scale)),
    height: Math.max(SMALLEST, Math.round(height * scale)),
  }
}

/** More pictures than this in one message are counted on the last one that is shown. */
export const GRID_MAX = 4
