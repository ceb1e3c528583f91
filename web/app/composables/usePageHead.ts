/**
 * What a page is called, and what else a server says of it. The server's pages have it of Unhead; in a
 * browser only the title and its frame change, for which that is too much to load.
 */
const DEFAULT_TITLE = 'Warren'

const titles = shallowReactive<(() => string)[]>([])
const frames = shallowReactive<((title: string) => string)[]>([])

/** What the browser shows: of the part that came last, in the frame that is around it. */
export const pageTitle = computed(() => {
  const title = titles.at(-1)?.() ?? DEFAULT_TITLE
  return frames.at(-1)?.(title) ?? title
})

/** As long as what calls it is there. */
export function usePageHead({ title, meta = [] }: { title: () => string; meta?: Meta[] }) {
  if (import.meta.server) useHead({ title, meta })
  else during(titles, title)
}
type Meta = { name: 'description'; content: () => string } | { name: 'robots'; content: 'noindex' }

/** What stands around the titles of all pages of the shell, which no server renders. */
export function useTitleFrame(frame: (title: string) => string) {
  during(frames, frame)
}

function during<T>(all: T[], one: T) {
  all.push(one)
  onScopeDispose(() => void all.splice(all.indexOf(one), 1))
}
