// The API as a program asks it, beside the browsers: to set a scene, and to see what is true.
import { baseURL } from './browser'
import { PASSWORD } from './person'

export async function ask<T>(
  method: string,
  path: string,
  token: string | null,
  body?: unknown,
): Promise<T> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  const response = await fetch(`${baseURL}/v1${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  })
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** Someone's requests, from a session of its own. */
export async function clientOf({ username }: { username: string }) {
  const { user, access_token: token } = await ask<{ user: { id: string }; access_token: string }>(
    'POST',
    '/auth/login',
    null,
    { username, password: PASSWORD },
  )
  return {
    id: user.id,
    ask: <T>(method: string, path: string, body?: unknown) => ask<T>(method, path, token, body),
  }
}
