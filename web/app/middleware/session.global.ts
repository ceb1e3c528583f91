// Who may see what: the shell is for those who are signed in, its pages have the layout `app`.
/** What has nothing to say to whoever is signed in. */
const STRANGERS_ONLY = new Set(['/', '/login', '/register'])

export default defineNuxtRouteMiddleware((to) => {
  // The server that renders public pages holds no session.
  if (import.meta.server) return
  const session = useSession()
  const inside = to.meta.layout === 'app'

  // A public page is there at once, as the server rendered it; who need not see it goes on from it.
  if (!inside && useNuxtApp().isHydrating) {
    onNuxtReady(() => {
      if (session.signedIn && STRANGERS_ONLY.has(to.path))
        void navigateTo('/chats', { replace: true })
    })
    return
  }
  if (inside && !session.signedIn) return navigateTo(wayOut(to.fullPath))
  if (session.signedIn && STRANGERS_ONLY.has(to.path)) return navigateTo('/chats')
})
