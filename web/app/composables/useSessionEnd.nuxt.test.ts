import { mockNuxtImport } from '@nuxt/test-utils/runtime'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import type { SessionNotice } from '~/api/credentials'
import { useSessionEnd, wayOut } from './useSessionEnd'

const place = vi.hoisted(() => ({ route: {} }))
mockNuxtImport('useRoute', () => () => place.route)

const inside = { path: '/chats/1', fullPath: '/chats/1', query: {}, meta: { layout: 'app' } }
const login = { path: '/login', fullPath: '/login?next=/chats/1', meta: { layout: 'auth' } }

/** What another window of this browser says. */
const elsewhere = new BroadcastChannel('warren.session')
let scope = effectScope()
let sessions = 0

const renewed = (): SessionNotice => ({
  type: 'renewed',
  auth: {
    access_token: 'a',
    expires_in: 600,
    session_id: `session ${sessions}`,
    user: { id: 'ada' },
  } as never,
})

async function hear(notice: SessionNotice) {
  const arrived = new Promise((resolve) => {
    const here = new BroadcastChannel('warren.session')
    here.onmessage = () => resolve(here.close())
  })
  elsewhere.postMessage(notice)
  await arrived
  await nextTick()
}

describe('a session that somebody signs out of in another window', () => {
  let session: ReturnType<typeof useSession>
  let push: MockInstance
  let replace: MockInstance

  beforeEach(async () => {
    sessions += 1
    setActivePinia(createPinia())
    place.route = reactive({ ...inside })
    session = useSession()
    await hear(renewed())
    expect(session.signedIn).toBe(true)
    push = vi.spyOn(useRouter(), 'push').mockResolvedValue(undefined)
    replace = vi.spyOn(useRouter(), 'replace').mockResolvedValue(undefined)
    scope = effectScope()
    scope.run(useSessionEnd)
  })
  afterEach(() => {
    scope.stop()
    vi.restoreAllMocks()
    delete useNuxtApp()._processingMiddleware
  })

  it('leaves no way back, however late that is known', async () => {
    session.ended()
    await nextTick()
    expect(push).toHaveBeenLastCalledWith({ path: '/login', query: { next: '/chats/1' } })
    Object.assign(place.route, login)
    await hear({ type: 'ended', end: 'signed-out' })
    expect(session.end).toBe('signed-out')
    expect(replace).toHaveBeenLastCalledWith('/login')
  })

  it('leaves none when the word arrives while the way out is taken', async () => {
    session.ended()
    await nextTick()
    // As Nuxt has it from the first guard of a navigation to its end.
    useNuxtApp()._processingMiddleware = true
    await hear({ type: 'ended', end: 'signed-out' })
    expect(push).toHaveBeenLastCalledWith({ path: '/login' })
  })

  it('is not taken for one that the server ended, by what is refused afterwards', async () => {
    await hear({ type: 'ended', end: 'signed-out' })
    session.ended()
    await nextTick()
    expect(session.end).toBe('signed-out')
    expect(push.mock.calls).toEqual([[{ path: '/login' }]])
    expect(wayOut('/chats/1')).toEqual({ path: '/login' })
  })

  it('does not come back with a renewal that was under way', async () => {
    await hear({ type: 'ended', end: 'signed-out' })
    await hear(renewed())
    expect(session.signedIn).toBe(false)
  })
})
