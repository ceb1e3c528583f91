/** The one menu that floats: of a button, of a row of a list, of a message. */
import type { DropdownMenuItem } from '@nuxt/ui'

/** What a menu holds, in groups between which a line is drawn. */
export type MenuItems = DropdownMenuItem[][]

interface OpenMenu {
  items: MenuItems
  /** What it stands at, or the point where it was asked for. */
  at: Element | { x: number; y: number }
  /** Has the focus again when it closes, unless `leave` sends it elsewhere. */
  from: HTMLElement | null
  /** As it closes: who prevents the event has seen to the focus. */
  leave?: (event: Event) => void
}

export const useMenu = defineStore('menu', () => {
  const opened = shallowRef<OpenMenu | null>(null)
  /** Whether one was ever asked for: what shows it is loaded then. */
  const wanted = ref(false)

  function open(menu: Omit<OpenMenu, 'from'>) {
    wanted.value = true
    const focused = document.activeElement
    opened.value = { ...menu, from: focused instanceof HTMLElement ? focused : null }
  }

  return { opened, wanted, open, close: () => (opened.value = null) }
})
