/** Uploads: the one request whose progress is told, which `fetch` cannot. */
import { freshCredentials, renewCredentials } from './credentials'
import { ApiError } from './error'
import type { Attachment } from './wire'

interface UploadOptions {
  signal: AbortSignal
  /** Of the body, from 0 to 1. */
  progress(share: number): void
}

/** Rejects with an `ApiError`; aborted, with the signal's reason. */
export async function upload(file: File, options: UploadOptions): Promise<Attachment> {
  const { token } = await freshCredentials()
  const response = await post(file, token, options)
  if (response.status !== 401) return await attachmentOf(response)
  const renewed = await renewCredentials(token)
  return await attachmentOf(await post(file, renewed.token, options))
}

function post(file: File, token: string, { signal, progress }: UploadOptions): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  const request = new XMLHttpRequest()
  request.open('POST', '/v1/uploads')
  request.setRequestHeader('Authorization', `Bearer ${token}`)
  request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0)
  request.onload = () => resolve(responseOf(request))
  request.onerror = () => reject(new ApiError('network', 0))
  request.onabort = () => reject(signal.reason)
  signal.addEventListener('abort', () => request.abort(), { once: true })
  const form = new FormData()
  form.append('file', file)
  request.send(form)
  return promise
}

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers()
  for (const name of ['Retry-After', 'X-Request-Id']) {
    const value = request.getResponseHeader(name)
    if (value) headers.set(name, value)
  }
  return new Response(request.responseText || null, { status: request.status, headers })
}

async function attachmentOf(response: Response): Promise<Attachment> {
  if (!response.ok) throw await ApiError.from(response)
  return (await response.json()) as Attachment
}
