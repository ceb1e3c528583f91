/**
 * The service worker: opens the client without a network, and what a notification tells of.
 *
 * A version is whole or it is not installed: the shell, the built files that it names, the texts of
 * each language. It stays until the reader takes the next one (`ShellUpdate.vue`). Nothing that a user
 * wrote or read passes through here, but for pictures of people and groups.
 */
import {
  addPlugins,
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  getCacheKeyForURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { CacheFirst } from 'workbox-strategies'
import { inShell, PICTURES, SHELL_URL, type OpenNote } from '../shared/shell'
import { bounded } from './bounded'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: PrecacheEntry[] }

const PICTURES_MAX = 500
/** Data of the emoji picker, in its languages. */
const ASSETS_MAX = 20
/** What is named by its content: no other answer ever has the same address. */
const ASSET = /\/_nuxt\/[\w./-]+/g
const NO_PAGES = /^\/(v1|docs|ws|\.well-known)(\/|$)/

addPlugins([
  {
    /**
     * While servers are replaced, the shell may come from another version than this worker: it is
     * refused then, and with it this installation; the browser tries again.
     */
    async cacheWillUpdate({ request, response }) {
      if (!response.ok) return null
      if (new URL(request.url).pathname !== SHELL_URL) return response
      const named = (await response.clone().text()).match(ASSET) ?? []
      return named.length > 0 && named.every((path) => getCacheKeyForURL(path)) ? response : null
    },
  },
])
// The shell bears its policy and the nonce of it, which stay together as they are kept together.
precacheAndRoute(self.__WB_MANIFEST)
cleanupOutdatedCaches()

const shell = createHandlerBoundToURL(SHELL_URL)

registerRoute(({ request, url }) => request.mode === 'navigate' && inShell(url.pathname), shell)
// Public pages come from the server, which renders them; without it, the shell can do it.
registerRoute(
  new NavigationRoute((visit) => fetch(visit.request).catch(() => shell(visit)), {
    denylist: [NO_PAGES],
  }),
)
registerRoute(
  ({ url }) => url.pathname.startsWith('/v1/pictures/'),
  new CacheFirst({ cacheName: PICTURES, plugins: [bounded(PICTURES_MAX)] }),
)
registerRoute(
  ({ url }) => url.pathname.startsWith('/_nuxt/'),
  new CacheFirst({ cacheName: 'warren.assets', plugins: [bounded(ASSETS_MAX)] }),
)

self.addEventListener('message', ({ data }) => {
  // As the page that asks for it calls it, after the reader has.
  if (data?.type === 'SKIP_WAITING') void self.skipWaiting()
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data.path))
})

/** In a window that is there, which keeps what it holds; else in a new one. */
async function open(path: string) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const inside = windows.filter(({ url }) => inShell(new URL(url).pathname))
  const page = inside.find(({ visibilityState }) => visibilityState === 'visible') ?? inside[0]
  if (!page) return void (await self.clients.openWindow(path))
  page.postMessage({ type: 'open', path } satisfies OpenNote)
  await page.focus()
}
