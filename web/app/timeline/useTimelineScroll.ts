// Where the reader is in a timeline, and what keeps them there.
import { transitions } from './transitions'
import type { Row } from './rows'

/** What the virtual list tells: of `VirtualizerHandle` of virtua, which does not export it. */
interface List {
  findItemIndex(offset: number): number
  getItemOffset(index: number): number
  getItemSize(index: number): number
}

/** Closer to the end than this counts as being there, in CSS pixels. */
const END_PX = 48
/** What is above the divider when a conversation opens at it, in CSS pixels. */
const ABOVE_DIVIDER_PX = 96
/** Offsets are whole pixels here and fractions there. */
const GRAIN_PX = 1

export function useTimelineScroll(
  list: Readonly<Ref<List | null>>,
  scroller: Readonly<Ref<HTMLElement | null>>,
  target: Readonly<Ref<Row[]>>,
) {
  /** What is on the page: `target`, a step behind where both of its ends change. */
  const rows = shallowRef<Row[]>(target.value)
  const atEnd = ref(true)
  /** True while rows come at the front: the list then keeps its place from the end. */
  const shift = ref(false)
  /** Nothing is shown before the first place is found: it would jump before one's eyes. */
  const placed = ref(false)

  /**
   * Where the reader was brought, as an offset: held while rows around it are measured or the window
   * changes, until they scroll. virtua's own `scrollToIndex` goes back for 150 ms after each row
   * that it measures, whatever the reader does meanwhile.
   */
  const held = shallowRef<(() => number) | null>(null)
  /** Where that was when it was last looked up. */
  let offset = 0

  function bring(place: () => number) {
    held.value = place
    hold()
  }

  function hold() {
    if (!held.value || !scroller.value) return
    scroller.value.scrollTo({ top: held.value(), behavior: 'instant' })
    offset = scroller.value.scrollTop
  }

  const end = () => scroller.value?.scrollHeight ?? 0
  const toEnd = () => bring(end)

  /** Brings a row to the middle. */
  const toRow = (key: string) => bring(() => offsetOf(key, (room) => room / 2))

  /** The offset at which a row has so much above it of the room that it leaves. */
  function offsetOf(key: string, above: (room: number) => number): number {
    const at = rows.value.findIndex((row) => row.key === key)
    if (!list.value || !scroller.value || at < 0) return offset
    const room = scroller.value.clientHeight - list.value.getItemSize(at)
    return list.value.getItemOffset(at) - above(room)
  }

  watch(target, async (now) => {
    notice()
    for (const step of transitions(rows.value, now)) {
      const last = rows.value.at(-1)?.key
      shift.value = step.shift
      rows.value = [...step.rows]
      await nextTick()
      if (!placed.value) place()
      else if (atEnd.value && !step.shift && rows.value.at(-1)?.key !== last) toEnd()
      else hold()
      // Another change came meanwhile, and begins from here.
      if (target.value !== now) return
    }
  })

  onMounted(place)

  function place() {
    if (!list.value || rows.value.length === 0) return
    const divider = rows.value.find(({ kind }) => kind === 'new')
    if (divider) bring(() => offsetOf(divider.key, () => ABOVE_DIVIDER_PX))
    else toEnd()
    // The list begins to measure in the next frame, which is the first that is seen.
    requestAnimationFrame(() => {
      placed.value = true
      track()
    })
  }

  /** What there is above and below what is seen, in CSS pixels. */
  function beyond(): { above: number; below: number } {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = scroller.value ?? {}
    return { above: scrollTop, below: scrollHeight - scrollTop - clientHeight }
  }

  function track() {
    if (placed.value) atEnd.value = beyond().below < END_PX
  }

  /** Elsewhere than where they were brought, the reader has gone by themselves. */
  function notice() {
    const { above, below } = beyond()
    if (Math.abs(above - offset) <= GRAIN_PX) return
    offset = above
    held.value = below <= GRAIN_PX ? end : null
  }

  function onScroll() {
    notice()
    track()
  }

  /** Rows or the viewport grew. A scroll may not have been told yet, nor the list be as high. */
  async function onResize() {
    notice()
    await nextTick()
    hold()
    track()
  }

  /** The row at the upper edge of what is seen. */
  const topRow = () => list.value?.findItemIndex(beyond().above) ?? 0

  return { rows, atEnd, shift, placed, held, onScroll, onResize, toEnd, toRow, beyond, topRow }
}
