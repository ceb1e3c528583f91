/** A search whose question is in the address: so it is there again when one comes back. */
import type { Found } from '~/api/wire'
import { addressOf, askedBy, searchQuery, type Asked } from '~/search/query'

/** As long as a hand needs for the next letter. */
const PAUSE_MS = 250

export function useSearch(conversationId: () => string | null) {
  const route = useRoute()
  const router = useRouter()
  const messages = useMessages()
  const people = usePeople()

  const asked = ref<Asked>(askedBy(route.query))
  const query = computed(() => searchQuery(asked.value, conversationId()))
  /** What the rows are an answer to; `query` runs ahead of it while one types. */
  const settled = shallowRef(query.value)
  const pages = usePages<Found>(async (cursor) => {
    if (!settled.value) return { items: [] }
    const page = await messages.search(settled.value, cursor)
    // Names come with their faces.
    page.items.forEach(({ message }) => people.user(message.sender_id))
    return page
  })

  const change = (part: Partial<Asked>) => {
    asked.value = { ...asked.value, ...part }
  }

  watchDebounced(
    asked,
    (now) => {
      const { q, from, has, since, until, ...others } = route.query
      void router.replace({ query: { ...others, ...addressOf(now) } })
    },
    { debounce: PAUSE_MS },
  )
  watchDebounced(
    query,
    (now) => {
      settled.value = now
      void pages.reload()
    },
    { debounce: PAUSE_MS },
  )
  void pages.reload()
  /** The rows are of another question than the one that stands there. */
  const searching = computed(
    () =>
      query.value !== null && (settled.value !== query.value || pages.status.value === 'loading'),
  )

  return { asked, change, query, searching, ...pages }
}
