/** Opens a menu where it is asked for: by the right button, a key, or a finger that stays. */
import type { MenuItems } from '~/stores/menu'

/** How long a finger stays; browsers that say so themselves are earlier. */
const PRESS_MS = 600

export function useContextMenu(
  area: Readonly<Ref<HTMLElement | null>>,
  /** What the menu holds at the place of the event; nothing leaves the place to the browser. */
  itemsAt: (event: MouseEvent) => MenuItems,
  leave?: (event: Event) => void,
) {
  const menu = useMenu()
  let pressed: PointerEvent | null = null
  const press = useTimeoutFn(() => pressed && open(pressed), PRESS_MS, { immediate: false })

  function open(event: MouseEvent) {
    press.stop()
    const items = itemsAt(event)
    if (items.length === 0) return
    event.preventDefault()
    menu.open({ items, at: { x: event.clientX, y: event.clientY }, leave }, event)
  }

  useEventListener(area, 'contextmenu', open)
  useEventListener(area, 'pointerdown', (event) => {
    press.stop()
    if (event.pointerType === 'mouse') return
    pressed = event
    press.start()
  })
  useEventListener(area, ['pointermove', 'pointerup', 'pointercancel'], press.stop)
}
