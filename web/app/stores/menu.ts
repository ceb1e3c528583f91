/** The one menu that floats: of a button, of a row of a list, of a message. */
import type { DropdownMenuItem } from '@nuxt/ui'

/** What a menu holds, in groups between which a line is drawn. */
export type MenuItems = DropdownMenuItem[][]

interface OpenMenu {
  items: MenuItems
  /** What it stands at, or the point where it was asked for. */
  at: Element | { x: number; y: number }
  /** Asked for by a key: its first item has the focus then, and with a mouse none. */
  keyed: boolean
  /** Has the focus again when it closes, unless `leave` sends it elsewhere. */
  from: HTMLElement | null
  /** As it closes: who prevents the event has seen to the focus. */
  leave?: (event: Event) => void
}

export const useMenu = defineStore('menu', () => {
  const opened = shallowRef<OpenMenu | null>(null)
  /** Whether one was ever asked for: what shows it is loaded then. */
  const wanted = ref(false)

  /** `by`: what it was asked for with. */
  function open(menu: Omit<OpenMenu, 'from' | 'keyed'>, by: Event) {
    wanted.value = true
    const focused = document.activeElement
    opened.value = {
      ...menu,
      keyed: !isPointed(by),
      from: focused instanceof HTMLElement ? focused : null,
    }
  }

  return { opened, wanted, open, close: () => (opened.value = null) }
})

/** Whether it comes from a mouse or a finger: a key makes clicks, too. */
export const isPointed = (event: Event): boolean =>
  event instanceof PointerEvent && event.pointerType !== ''
