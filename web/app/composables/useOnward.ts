import { isNavigationFailure, NavigationFailureType, type RouteLocationRaw } from 'vue-router'

/**
 * Leads on from the page that calls it, as soon as `to` names a place. Whoever is on the way elsewhere
 * is not held; whoever does not get away is led on then.
 */
export function useOnward(to: () => RouteLocationRaw | null): void {
  const here = useRoute()
  const router = useRouter()
  const ended = ref(0)
  const forget = router.afterEach((_to, _from, failure) => {
    // Unless one that is still under way took its place.
    if (!isNavigationFailure(failure, NavigationFailureType.cancelled)) ended.value += 1
  })
  onScopeDispose(forget)

  watch(
    [to, ended],
    ([place]) => {
      if (!place || router.currentRoute.value.path !== here.path) return
      // Without effect while another navigation is under way; its end leads here again.
      void navigateTo(place, { replace: true })
    },
    { immediate: true },
  )
}
