import type { RouteLocationRaw } from 'vue-router'

/** Where whoever is not signed in goes from a page inside; after signing out there is no way back. */
export function wayOut(from: string): RouteLocationRaw {
  const back = useSession().end === 'signed-out' ? {} : { query: { next: from } }
  return { path: '/login', ...back }
}

/** Leaves the shell when the session ends, which another tab or device may do at any time. */
export function useSessionEnd(): void {
  const session = useSession()
  const route = useRoute()
  // Not `navigateTo`, which is without effect while another navigation is under way.
  const router = useRouter()

  watch([() => session.status, () => session.end], ([status, end], [, before]) => {
    if (status !== 'anonymous') return
    if (route.meta.layout === 'app') void router.push(wayOut(route.fullPath))
    // It looked as if the server had ended it: what led back is taken away.
    else if (before === 'ended' && end === 'signed-out' && route.path === '/login')
      void router.replace('/login')
  })
}
