// What is a voice note, and how long it lasts. The server knows files alone: a note is sound whose
// name is of the form that `sound/format.ts` gives, which ends in its length.
import type { Attachment } from '~/api/wire'

const NAME = /^voice-\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d-(\d{1,5})s\.\w+$/
const MINUTE_S = 60

/** How many seconds it lasts, as its name says; null of every other file. */
export function voiceSeconds(file: Pick<Attachment, 'name' | 'content_type'>): number | null {
  const seconds = file.content_type.startsWith('audio/') && NAME.exec(file.name)?.[1]
  return seconds ? Number(seconds) : null
}

/** As players write it: `0:12`. */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / MINUTE_S)}:${String(whole % MINUTE_S).padStart(2, '0')}`
}
