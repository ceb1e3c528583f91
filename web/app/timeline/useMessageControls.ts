// What happens at a message of a timeline: by mouse, finger and key, the same for each.
import type { Intent } from '~/stores/composition'
import { CHOSEN_MAX } from './choosing'
import { isPointed, type MenuItems } from '~/stores/menu'
import type { ConversationRow } from '~/types/conversation'
import type { TimelineItem } from '~/types/timeline'

/** Where an emoji is chosen: among those used last, or among all. */
export interface EmojiChoice {
  item: TimelineItem
  element: Element
  whole: boolean
}

export function useMessageControls(
  row: () => ConversationRow,
  items: Readonly<Ref<TimelineItem[]>>,
  scroller: Readonly<Ref<HTMLElement | null>>,
  /** Gives the focus to the composer. */
  compose: () => void,
) {
  const composition = useComposition()
  const selection = useSelection()
  const actions = useMessageActions(row)
  const { done } = useNotice()
  const { t } = useI18n()

  /** The message that the mouse or the focus is on. */
  const active = ref<string | null>(null)
  function itemAt(target: EventTarget | null): TimelineItem | undefined {
    const key = (target as Element | null)?.closest<HTMLElement>('[data-message]')?.dataset.message
    return items.value.find((candidate) => candidate.key === key)
  }
  function touch(event: Event) {
    if (event instanceof PointerEvent && event.pointerType !== 'mouse') return
    active.value = itemAt(event.target)?.key ?? null
  }

  const choice = shallowRef<EmojiChoice | null>(null)
  /** Whether one was ever asked for: what shows it is loaded then. */
  const chosen = ref(false)
  function choose(item: TimelineItem, whole = false, element?: Element) {
    const at =
      element ?? scroller.value?.querySelector(`[data-message="${item.key}"] [data-bubble]`)
    if (!at) return
    choice.value = { item, element: at, whole }
    chosen.value = true
  }
  function react(item: TimelineItem, emoji: string) {
    choice.value = null
    const message = actions.present(item)
    if (message) void actions.react(message, emoji)
  }
  function reply(item: TimelineItem) {
    const message = actions.present(item)
    if (message) actions.reply(message)
  }

  /** Whether what a finger is on can be answered. */
  function answerable(at: EventTarget | null): boolean {
    const item = itemAt(at)
    return (
      item !== undefined && actions.mayWrite() && !selection.at(row().id) && !!actions.present(item)
    )
  }
  function replyAt(at: EventTarget | null) {
    const item = itemAt(at)
    if (item) reply(item)
  }
  function forward(item: TimelineItem) {
    const message = actions.present(item)
    if (message) actions.forward([message])
  }

  // ---- Several at once ----

  /** Whether it is chosen; undefined where it cannot be, and while nothing is. */
  function chosenOf(item: TimelineItem): boolean | undefined {
    if (!selection.at(row().id)) return undefined
    const message = actions.present(item)
    return message ? selection.has(message.id) : undefined
  }
  useEventListener(
    scroller,
    'click',
    (event) => {
      const item = selection.at(row().id) ? itemAt(event.target) : undefined
      const message = item && actions.present(item)
      if (!message) return
      // Links, pictures and buttons of a message are parts of what is chosen.
      event.preventDefault()
      event.stopPropagation()
      const order = items.value.flatMap((other) => actions.present(other) ?? [])
      const room = event.shiftKey ? selection.extend(order, message) : selection.toggle(message)
      if (!room) done(t('choose.most', CHOSEN_MAX))
      const at = (event.target as Element).closest('[data-message]')
      at?.querySelector<HTMLElement>('[role="checkbox"]')?.focus({ preventScroll: true })
    },
    { capture: true },
  )
  onScopeDispose(selection.end)

  function showSeen(item: TimelineItem) {
    const message = actions.present(item)
    if (message) actions.showSeen(message)
  }

  // One menu for all messages: it is told which one when it is asked for.
  const menuOf = useMessageMenu(actions, {
    react,
    // Two that hold the focus at once would take it from each other: one after the other.
    choose: (item, whole) => (afterMenu = () => choose(item, whole)),
    // The focus goes to where it begins by itself.
    select: (message) => (afterMenu = () => selection.begin(message)),
  })
  useContextMenu(scroller, itemsAt, leaveFocus)
  function itemsAt(event: MouseEvent): MenuItems {
    const asked = event.type === 'contextmenu'
    // Links and marked text have a menu of the browser's own.
    const marked = asked && window.getSelection()?.toString()
    const link = (event.target as Element).closest('a')
    const elsewhere = marked || link || selection.at(row().id)
    const item = elsewhere ? undefined : itemAt(event.target)
    intentBefore = composition.get(row().id)
    afterMenu = null
    return item ? menuOf(item, isPointed(event)) : []
  }

  function openMenu(at: HTMLElement) {
    const { left, top, width } = (at.querySelector('[data-bubble]') ?? at).getBoundingClientRect()
    const place = { clientX: left + width / 2, clientY: top + 8 }
    at.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...place }))
  }

  let intentBefore: Intent | null = null
  let afterMenu: (() => void) | null = null
  /** Whoever has begun to answer or edit goes on in the composer, not at the message. */
  function leaveFocus(event: Event) {
    const next = afterMenu ?? (composition.get(row().id) === intentBefore ? null : compose)
    if (!next) return
    event.preventDefault()
    next()
  }

  /** The keys of a message that has the focus itself; its links and buttons keep their own. */
  function onKey(event: KeyboardEvent) {
    const at = event.target as HTMLElement
    const item = itemAt(at)
    if (!item || at.dataset.message !== item.key) return
    if (event.ctrlKey || event.metaKey || event.altKey || selection.at(row().id)) return
    const message = actions.present(item)
    const writes = message && actions.mayWrite()
    if (event.key === 'Enter') openMenu(at)
    else if (event.key === 'r' && writes) actions.reply(message)
    else if (event.key === 'e' && writes) choose(item)
    else if (event.key === 'Delete' && message) void actions.remove(item, message)
    else return
    event.preventDefault()
  }

  return {
    active,
    touch,
    choice,
    chosen,
    choose,
    react,
    reply,
    forward,
    chosenOf,
    showSeen,
    onKey,
    answerable,
    replyAt,
  }
}
