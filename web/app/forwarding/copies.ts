// A file that is forwarded to several chats is uploaded for each of them, and shown as one.
import type { Upload } from '~/stores/uploads'

/**
 * As many as go at once: the server keeps 1 GiB for one who has not sent it yet, of 25 MiB at most
 * each.
 */
export const COPIES_MAX = 40

/** Null once there are none. */
export function together(copies: readonly Upload[]): Upload | null {
  const [first] = copies
  if (!first) return null
  const whole = copies.every(({ attachment }) => attachment !== null)
  return {
    ...first,
    progress: copies.reduce((sum, { progress }) => sum + progress, 0) / copies.length,
    attachment: whole ? first.attachment : null,
    error: copies.find(({ error }) => error)?.error ?? null,
  }
}
