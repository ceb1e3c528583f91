// Pictures of people and groups: an upload, of which the server cuts the square.
import { upload } from '~/api/upload'

/** What the server opens as a picture. */
export const TYPES = 'image/png,image/jpeg,image/gif,image/webp'

/** A phone's photograph on a slow line takes its time. */
const DEADLINE_MS = 120_000

/** The id of the upload that becomes the picture; null for none. Throws an `ApiError`. */
export async function pictureId(file: File | null): Promise<string | null> {
  if (!file) return null
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const { id } = await upload(file, { signal, progress: () => undefined })
  return id
}
