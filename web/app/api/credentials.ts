/**
 * The access token of this browser's session: in memory only, one for all tabs.
 *
 * The refresh token is a cookie that no script can read. A refresh happens under a Web Lock, so that
 * two tabs never spend the same cookie at once, and its result is told to the others.
 */
import { ApiError, asApiError } from './error'
import type { Auth } from './wire'

/** Renewed this long before it ends: a request and a slow clock must fit in between. */
const SPARE_MS = 30_000
const SECOND_MS = 1000
const LOCK = 'warren.refresh'
const CHANNEL = 'warren.session'

export interface Credentials {
  token: string
  /** By this machine's clock. */
  expiresAt: number
  userId: string
  sessionId: string
}

/** How a session came to its end: the user signed out, or the server said so. */
export type SessionEnd = 'signed-out' | 'ended'

/** What tabs tell each other about the session. */
export type SessionNotice = { type: 'renewed'; auth: Auth } | { type: 'ended'; end: SessionEnd }

type Listener = (notice: SessionNotice) => void

let held: Credentials | null = null
/** The session that somebody signed out of: a renewal that was under way does not bring it back. */
let over: string | null = null
let renewal: Promise<Credentials> | null = null
const listeners = new Set<Listener>()
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL)

if (channel) {
  channel.onmessage = ({ data }: MessageEvent<SessionNotice>) => {
    if (data.type === 'ended') drop(data.end)
    else if (data.auth.session_id === over) return
    else hold(data.auth)
    listeners.forEach((listener) => listener(data))
  }
}

/** Hears of what other tabs did: signed in, renewed, or ended. Returns how to stop. */
export function onSessionNotice(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function hold(auth: Auth): Credentials {
  held = {
    token: auth.access_token,
    expiresAt: Date.now() + auth.expires_in * SECOND_MS,
    userId: auth.user.id,
    sessionId: auth.session_id,
  }
  return held
}

/** Takes in what register or login answered, in every tab. */
export function acceptAuth(auth: Auth): Credentials {
  const accepted = hold(auth)
  channel?.postMessage({ type: 'renewed', auth } satisfies SessionNotice)
  return accepted
}

function drop(end: SessionEnd) {
  if (end === 'signed-out') over = held?.sessionId ?? over
  held = null
}

/** Forgets the token, in every tab. */
export function dropCredentials(end: SessionEnd): void {
  drop(end)
  channel?.postMessage({ type: 'ended', end } satisfies SessionNotice)
}

/** What is held now, fresh or not. */
export function heldCredentials(): Credentials | null {
  return held
}

/** A token that is good for at least the next request. */
export async function freshCredentials(): Promise<Credentials> {
  if (held && held.expiresAt - Date.now() > SPARE_MS) return held
  return renewCredentials(held?.token ?? null)
}

/**
 * Another token than `spent`, from the cookie. All callers share one refresh.
 *
 * Throws 401 when the session has ended, and whatever passing fault kept it from being asked.
 */
export async function renewCredentials(spent: string | null): Promise<Credentials> {
  renewal ??= renewAlone(spent).finally(() => {
    renewal = null
  })
  return await renewal
}

async function renewAlone(spent: string | null): Promise<Credentials> {
  return await navigator.locks.request(LOCK, async () => {
    // A tab that had the lock before may have brought a new one meanwhile.
    return held && held.token !== spent ? held : await refresh()
  })
}

async function refresh(): Promise<Credentials> {
  let response: Response
  try {
    response = await fetch('/v1/auth/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })
  } catch (thrown) {
    throw asApiError(thrown)
  }
  if (!response.ok) throw await ApiError.from(response)
  return acceptAuth((await response.json()) as Auth)
}
