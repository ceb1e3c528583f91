/** Who is signed in here, and their account. */
import { deviceName } from '~/identity/device'
import { allPages, api, ok } from '~/api/client'
import {
  acceptAuth,
  dropCredentials,
  freshCredentials,
  onSessionNotice,
  type SessionEnd,
  type SessionNotice,
} from '~/api/credentials'
import { asApiError } from '~/api/error'
import { pictureId } from '~/files/picture'
import type { Auth, Me, MePatch, Session, User } from '~/api/wire'

/**
 * `starting`: not known yet. `signed-in` is also said while offline, when this browser was signed in
 * before: what is cached can be read then.
 */
export type SessionStatus = 'starting' | 'anonymous' | 'signed-in'

/** The id alone, no token: it says whose cache may be shown before the server has answered. */
const REMEMBERED = 'warren.user'

export const useSession = defineStore('session', () => {
  const status = ref<SessionStatus>('starting')
  const me = shallowRef<Me | User | null>(null)
  const userId = ref<string | null>(null)
  const sessionId = ref<string | null>(null)
  const end = ref<SessionEnd | null>(null)

  const signedIn = computed(() => status.value === 'signed-in')
  /** The private fields of the account; null until the server has told them. */
  const account = computed(() => (me.value && 'account_rev' in me.value ? me.value : null))

  function enter(auth: Auth) {
    const held = acceptAuth(auth)
    settle(auth.user, held.sessionId)
  }

  function settle(user: User, session: string) {
    if (me.value?.id !== user.id || !account.value) me.value = user
    userId.value = user.id
    sessionId.value = session
    end.value = null
    status.value = 'signed-in'
    localStorage.setItem(REMEMBERED, user.id)
  }

  /**
   * The server's refusal may be here before the word of the window in which somebody signed out, and
   * after it: that they did counts, whenever it is heard.
   */
  function leave(why: SessionEnd | null) {
    if (end.value === 'signed-out') return
    localStorage.removeItem(REMEMBERED)
    me.value = null
    userId.value = null
    sessionId.value = null
    end.value = why
    status.value = 'anonymous'
  }

  function heardOfSession(notice: SessionNotice) {
    if (notice.type === 'renewed') settle(notice.auth.user, notice.auth.session_id)
    else leave(notice.end)
  }

  // A server has no other tabs, and this store a life as long as one page.
  if (import.meta.client) onSessionNotice(heardOfSession)

  /**
   * Continues the session of this browser, if there is one. What the device has kept is shown at
   * once; whether the server agrees is known a little later, or when there is a network.
   */
  function restore() {
    if (status.value !== 'starting') return
    const remembered = localStorage.getItem(REMEMBERED)
    if (!remembered) return leave(null)
    userId.value = remembered
    status.value = 'signed-in'
    void confirm()
  }

  async function confirm() {
    try {
      sessionId.value = (await freshCredentials()).sessionId
      await loadMe()
    } catch (thrown) {
      if (asApiError(thrown).status === 401) ended()
    }
  }

  /** `invite` is the code of one, where the operator lets nobody else in. */
  async function register(form: {
    username: string
    password: string
    displayName?: string
    invite?: string
  }) {
    const { username, password, displayName, invite } = form
    const body = { username, password, display_name: displayName || undefined, invite }
    enter(await ok(api.POST('/v1/auth/register', { body: { ...body, ...device() } })))
  }

  async function login(form: { username: string; password: string }) {
    enter(await ok(api.POST('/v1/auth/login', { body: { ...form, ...device() } })))
  }

  /** Ends this session here and on the server; offline it ends here alone. */
  async function logout() {
    try {
      await ok(api.POST('/v1/auth/logout'))
    } catch (thrown) {
      // Without a server to tell, the cookie stays; the caller is told, and may try again.
      if (asApiError(thrown).passing) throw thrown
    }
    dropCredentials('signed-out')
    leave('signed-out')
  }

  /** The server has ended the session: revoked elsewhere, or its refresh token is spent. */
  function ended() {
    dropCredentials('ended')
    leave('ended')
  }

  /** The account as the device has kept it, until the server tells it. */
  function showKept(kept: Me | User) {
    if (!me.value && kept.id === userId.value) me.value = kept
  }

  /** Someone's profile changed; it may be one's own, on another device. */
  function heard(user: User) {
    if (me.value && user.id === me.value.id) me.value = { ...me.value, ...user }
  }

  async function loadMe() {
    me.value = await ok(api.GET('/v1/me'))
  }

  async function update(patch: MePatch) {
    me.value = await ok(api.PATCH('/v1/me', { body: patch }))
  }

  /** One's picture; null takes it away. */
  async function setPicture(file: File | null) {
    await update({ avatar_upload_id: await pictureId(file) })
  }

  async function changePassword(current: string, next: string) {
    const body = { current_password: current, new_password: next }
    await ok(api.POST('/v1/auth/password', { body }))
  }

  async function deleteAccount(password: string) {
    await ok(api.DELETE('/v1/me', { body: { password } }))
    dropCredentials('signed-out')
    leave('signed-out')
  }

  const listSessions = (): Promise<Session[]> =>
    allPages((query) => ok(api.GET('/v1/auth/sessions', { params: { query } })))

  async function endSession(id: string) {
    await ok(api.DELETE('/v1/auth/sessions/{id}', { params: { path: { id } } }))
  }

  return {
    status: readonly(status),
    signedIn,
    me: computed(() => me.value),
    account,
    userId: readonly(userId),
    sessionId: readonly(sessionId),
    end: readonly(end),
    restore,
    register,
    login,
    logout,
    ended,
    showKept,
    heard,
    loadMe,
    update,
    setPicture,
    changePassword,
    deleteAccount,
    listSessions,
    endSession,
  }
})

/** How this browser is called in the list of sessions. */
function device() {
  return {
    device: deviceName(navigator.userAgent)?.slice(0, DEVICE_MAX),
    session: 'cookie' as const,
  }
}

const DEVICE_MAX = 64
