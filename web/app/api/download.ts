/** The bytes of a file. */
import { ApiError, asApiError } from './error'

/** From an address that needs no token. Rejects with an `ApiError`. */
export async function download(address: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(address, { signal })
    if (!response.ok) throw await ApiError.from(response)
    return await response.blob()
  } catch (thrown) {
    throw asApiError(thrown)
  }
}
