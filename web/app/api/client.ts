/** The REST API, typed by its OpenAPI document. The only place that sends requests to it. */
import type { Client } from 'openapi-fetch'
import { freshCredentials, renewCredentials } from './credentials'
import { ApiError, asApiError } from './error'
import type { paths } from './schema'
import type { Page } from './wire'

/** Longer than the servers' own deadlines: whoever waits this long waits for nobody. */
const DEADLINE_MS = 30_000
const WHOLE_PAGE = 100
/** What no token is needed for. */
const OPEN = /^\/v1\/(auth\/(register|login|refresh)|invites\/[^/]+)$/

/** As openapi-fetch would do it, and typed by it: the API needs little of what that can. */
export const api = {
  GET: sender('GET'),
  POST: sender('POST'),
  PUT: sender('PUT'),
  PATCH: sender('PATCH'),
  DELETE: sender('DELETE'),
} as unknown as Pick<Client<paths>, 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'>

interface Parts {
  params?: { path?: Record<string, unknown>; query?: Record<string, unknown> }
  body?: unknown
}

function sender(method: string) {
  return async (path: string, { params, body }: Parts = {}) => {
    const named = (_: string, name: string) => encodeURIComponent(String(params?.path?.[name]))
    const url = new URL(path.replace(/\{(\w+)\}/g, named), origin())
    for (const [name, value] of Object.entries(params?.query ?? {}))
      for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one))
    const headers = { 'Content-Type': 'application/json' }
    const sent = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
    const response = await withToken(new Request(url, sent))
    const text = await response.text()
    return { data: text ? (JSON.parse(text) as unknown) : undefined, response }
  }
}

/** The data of an answer; throws an `ApiError` for anything but success. */
export async function ok<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data } = await answer
  // A success without a body has no data, and a type that says so.
  return data as T
}

/** All pages of a list whose length the API limits. */
export async function allPages<T>(
  page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const answer = await page({ limit: WHOLE_PAGE, cursor })
    items.push(...answer.items)
    cursor = answer.next_cursor ?? undefined
  } while (cursor)
  return items
}

/** Pages rendered by the server ask the API directly; a browser asks where it has the page from. */
function origin(): string {
  if (import.meta.server) return process.env.WARREN_WEB_API_URL ?? 'http://localhost:8080'
  return globalThis.location?.origin ?? ''
}

/** Sends with the session's token; renews it once when the server no longer takes it. */
async function withToken(request: Request): Promise<Response> {
  try {
    const open = OPEN.test(new URL(request.url).pathname) && request.method !== 'DELETE'
    if (open) return await succeeded(fetch(timed(request)))
    const again = request.clone()
    const { token } = await freshCredentials()
    const response = await fetch(timed(request, token))
    if (response.status !== 401) return await succeeded(response)
    const problem = await ApiError.from(response)
    // `bad_credentials` is about what was sent (a password), not about the token.
    if (problem.code !== 'unauthenticated') throw problem
    const renewed = await renewCredentials(token)
    return await succeeded(fetch(timed(again, renewed.token)))
  } catch (thrown) {
    throw asApiError(thrown)
  }
}

function timed(request: Request, token?: string): Request {
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  return new Request(request, { signal: AbortSignal.timeout(DEADLINE_MS) })
}

async function succeeded(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer
  if (!response.ok) throw await ApiError.from(response)
  return response
}
