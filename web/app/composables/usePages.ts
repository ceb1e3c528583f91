/** A list that grows by pages: members, search results, public groups, sessions. */
import { asApiError, type ApiError } from '~/api/error'
import type { Page } from '~/api/wire'
import type { LoadStatus } from '~/stores/loadable'

/**
 * `fetchPage` gets the cursor of the page before. `reload` begins anew, keeping rows until then;
 * `refresh` asks for as many as are there, so that a reader further down stays where they are.
 */
export function usePages<T>(fetchPage: (cursor?: string) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([])
  const status = ref<LoadStatus>('idle')
  const error = shallowRef<ApiError | null>(null)
  const loadingMore = ref(false)
  const cursor = ref<string | null>(null)
  let latest = 0

  async function fetchInto(take: (page: Page<T>) => void, from?: string, atLeast = 0) {
    const mine = ++latest
    try {
      let page = await fetchPage(from)
      while (mine === latest && page.next_cursor && page.items.length < atLeast) {
        const next = await fetchPage(page.next_cursor)
        page = { ...next, items: [...page.items, ...next.items] }
      }
      if (mine !== latest) return
      take(page)
      cursor.value = page.next_cursor ?? null
      status.value = 'ready'
      error.value = null
    } catch (thrown) {
      if (mine !== latest) return
      error.value = asApiError(thrown)
      if (status.value !== 'ready') status.value = 'error'
    }
  }

  async function reload(atLeast = 0) {
    loadingMore.value = false
    if (status.value !== 'ready') status.value = 'loading'
    const take = (page: Page<T>) => {
      items.value = page.items
    }
    await fetchInto(take, undefined, atLeast)
  }

  async function more() {
    if (!cursor.value || loadingMore.value) return
    loadingMore.value = true
    await fetchInto((page) => {
      items.value = [...items.value, ...page.items]
    }, cursor.value)
    loadingMore.value = false
  }

  return {
    items,
    status: readonly(status),
    error: computed(() => error.value),
    loadingMore: readonly(loadingMore),
    hasMore: computed(() => cursor.value !== null),
    reload: () => reload(),
    refresh: () => reload(items.value.length),
    more,
  }
}
