import { mockNuxtImport } from '@nuxt/test-utils/runtime'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import { createMemoryHistory, createRouter, type NavigationHookAfter } from 'vue-router'
import { useOnward } from './useOnward'

const place = vi.hoisted(() => ({ path: '' }))
mockNuxtImport('useRoute', () => () => place)

describe('a page that leads on', () => {
  const to = ref<string | null>(null)
  let scope = effectScope()
  let replace: MockInstance
  let end: NavigationHookAfter

  beforeEach(() => {
    const router = useRouter()
    place.path = router.currentRoute.value.path
    to.value = null
    replace = vi.spyOn(router, 'replace').mockResolvedValue(undefined)
    vi.spyOn(router, 'afterEach').mockImplementation((hook) => {
      end = hook
      return () => {}
    })
    scope = effectScope()
    scope.run(() => useOnward(() => to.value))
  })
  afterEach(() => {
    scope.stop()
    vi.restoreAllMocks()
    delete useNuxtApp()._processingMiddleware
  })

  /** As Nuxt has it from the first guard of a navigation to its end. */
  async function underWay() {
    useNuxtApp()._processingMiddleware = true
    to.value = '/first'
    await nextTick()
    expect(replace).not.toHaveBeenCalled()
  }
  async function ends(failure?: Parameters<NavigationHookAfter>[2]) {
    delete useNuxtApp()._processingMiddleware
    const { currentRoute } = useRouter()
    end(currentRoute.value, currentRoute.value, failure)
    await nextTick()
  }

  it('does so as soon as it knows where', async () => {
    expect(replace).not.toHaveBeenCalled()
    to.value = '/first'
    await nextTick()
    expect(replace).toHaveBeenCalledExactlyOnceWith('/first')
  })

  it('waits for a navigation that is under way, and does so if that ends here', async () => {
    await underWay()
    await ends()
    expect(replace).toHaveBeenCalledExactlyOnceWith('/first')
  })

  it('does not when that has left', async () => {
    await underWay()
    place.path = '/elsewhere'
    await ends()
    expect(replace).not.toHaveBeenCalled()
  })

  it('does not against one that took the place of another', async () => {
    await underWay()
    const routes = [{ path: '/:all(.*)', component: {} }]
    const router = createRouter({ history: createMemoryHistory(), routes })
    const [cancelled] = await Promise.all([router.push('/a'), router.push('/b')])
    expect(cancelled).toBeDefined()
    await ends(cancelled)
    expect(replace).not.toHaveBeenCalled()
  })
})
