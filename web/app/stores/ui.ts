/** How this device likes its client: looks, widths, habits, and which of the floating parts is open. */
import { LOOKS_KEYS, type Density, type TextSize } from '#shared/looks'

interface Bounds {
  min: number
  max: number
  initial: number
}

/** In CSS pixels. Narrower, names are cut; wider, the conversation is. */
export const PANE_WIDTHS = {
  list: { min: 260, max: 440, initial: 320 },
  details: { min: 280, max: 440, initial: 320 },
} satisfies Record<string, Bounds>

export type Pane = keyof typeof PANE_WIDTHS

/** What floats above the page; one at a time. */
export type Overlay = 'palette' | 'shortcuts' | 'new-chat' | 'new-group'

export const useUi = defineStore('ui', () => {
  const widths = {
    list: useLocalStorage('warren.width.list', PANE_WIDTHS.list.initial),
    details: useLocalStorage('warren.width.details', PANE_WIDTHS.details.initial),
  }
  const density = useLocalStorage<Density>(LOOKS_KEYS.density, 'comfortable')
  const textSize = useLocalStorage<TextSize>(LOOKS_KEYS.text, 'normal')
  const enterSends = useLocalStorage('warren.enter-sends', true)
  /** What a notification does, where the browser lets it. */
  const notifications = useLocalStorage('warren.notifications', {
    on: false,
    preview: true,
    sound: true,
  })
  const recentEmoji = useLocalStorage('warren.recent-emoji', ['👍', '❤️', '😂', '😮', '😢', '🙏'])
  const overlay = ref<Overlay | null>(null)

  function width(pane: Pane): number {
    return clamp(widths[pane].value, PANE_WIDTHS[pane])
  }

  function resize(pane: Pane, to: number) {
    widths[pane].value = Math.round(clamp(to, PANE_WIDTHS[pane]))
  }

  /** Puts an emoji in front of those that are offered first. */
  function usedEmoji(emoji: string) {
    const others = recentEmoji.value.filter((other) => other !== emoji)
    recentEmoji.value = [emoji, ...others].slice(0, RECENT_EMOJI)
  }

  return {
    width,
    resize,
    density,
    textSize,
    enterSends,
    notifications,
    recentEmoji,
    usedEmoji,
    overlay,
  }
})

const RECENT_EMOJI = 6

/** What is kept may come from another version, or from anybody's hand. */
function clamp(value: number, { min, max, initial }: Bounds): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : initial
}
