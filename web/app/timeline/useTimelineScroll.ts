// Where the reader is in a timeline, and what keeps them there.
import { transitions } from './transitions'
import type { Row } from './rows'

/** What the virtual list tells and does: `VirtualizerHandle` of virtua, which does not export it. */
interface List {
  readonly scrollOffset: number
  readonly scrollSize: number
  readonly viewportSize: number
  findItemIndex(offset: number): number
  scrollToIndex(
    index: number,
    options: { align: 'start' | 'center' | 'end'; offset?: number },
  ): void
}

/** Closer to the end than this counts as being there, in CSS pixels. */
const END_PX = 48
/** What is above the divider when a conversation opens at it, in CSS pixels. */
const ABOVE_DIVIDER_PX = 96

export function useTimelineScroll(list: Readonly<Ref<List | null>>, target: Readonly<Ref<Row[]>>) {
  /** What is on the page: `target`, a step behind where both of its ends change. */
  const rows = shallowRef<Row[]>(target.value)
  const atEnd = ref(true)
  /** True while rows come at the front: the list then keeps its place from the end. */
  const shift = ref(false)
  /** Nothing is shown before the first place is found: it would jump before one's eyes. */
  const placed = ref(false)

  const toEnd = () => list.value?.scrollToIndex(rows.value.length - 1, { align: 'end' })

  watch(target, async (now) => {
    for (const step of transitions(rows.value, now)) {
      shift.value = step.shift
      rows.value = [...step.rows]
      await nextTick()
      // Another change came meanwhile, and begins from here.
      if (target.value !== now) return
    }
  })

  watch(
    rows,
    (now, before) => {
      if (!placed.value) place()
      else if (atEnd.value && !shift.value && now.at(-1)?.key !== before.at(-1)?.key) toEnd()
    },
    { flush: 'post' },
  )

  onMounted(place)

  function place() {
    if (!list.value || rows.value.length === 0) return
    const divider = rows.value.findIndex(({ kind }) => kind === 'new')
    if (divider >= 0)
      list.value.scrollToIndex(divider, { align: 'start', offset: -ABOVE_DIVIDER_PX })
    else toEnd()
    // One frame later the rows around the place are measured and stand where they belong.
    requestAnimationFrame(() => {
      if (divider < 0) toEnd()
      placed.value = true
      track()
    })
  }

  function track() {
    const at = list.value
    if (at && placed.value) atEnd.value = at.scrollSize - at.scrollOffset - at.viewportSize < END_PX
  }

  /** Rows or the viewport grew: who read the end still does. */
  function onResize() {
    if (placed.value && atEnd.value) toEnd()
  }

  /** The row at the upper and at the lower edge of what is seen. */
  function edges(): [number, number] {
    const at = list.value
    if (!at) return [0, 0]
    return [at.findItemIndex(at.scrollOffset), at.findItemIndex(at.scrollOffset + at.viewportSize)]
  }

  /** Brings a row to the middle. */
  function toRow(key: string) {
    const index = rows.value.findIndex((row) => row.key === key)
    if (index >= 0) list.value?.scrollToIndex(index, { align: 'center' })
  }

  return { rows, atEnd, shift, placed, track, onResize, toEnd, toRow, edges }
}
