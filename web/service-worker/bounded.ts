import type { WorkboxPlugin } from 'workbox-core'

/** Keeps at most `max` answers in a cache; the oldest goes first. */
export function bounded(max: number): WorkboxPlugin {
  return {
    async cacheDidUpdate({ cacheName }) {
      const cache = await caches.open(cacheName)
      const kept = await cache.keys()
      await Promise.all(kept.slice(0, -max).map((request) => cache.delete(request)))
    },
  }
}
