// Which messages are chosen when several are: by id, and never more than is done at once.
import type { Message } from '~/api/wire'
import type { Room } from '~/realtime/room'

export const CHOSEN_MAX = 100

/** By id. They are held whole: the timeline may have put them out of its window meanwhile. */
export type Chosen = ReadonlyMap<string, Message>

/** With the message, or without it; the same where there is no room for one more. */
export function toggled(chosen: Chosen, message: Message): Chosen {
  if (!chosen.has(message.id)) return withAll(chosen, [message])
  const rest = new Map(chosen)
  rest.delete(message.id)
  return rest
}

/** With what stands between two messages, both included, as far as there is room. */
export function withRange(
  chosen: Chosen,
  order: readonly Message[],
  from: string | null,
  to: Message,
): Chosen {
  const start = order.findIndex(({ id }) => id === from)
  const end = order.findIndex(({ id }) => id === to.id)
  if (start < 0 || end < 0) return withAll(chosen, [to])
  const between = order.slice(Math.min(start, end), Math.max(start, end) + 1)
  return withAll(chosen, start > end ? between.reverse() : between)
}

/** What is left, as it is now: what was deleted, hidden or cleared is chosen no more. */
export function remaining(chosen: Chosen, room: Room): Chosen {
  const held = new Map(room.messages.map((message) => [message.id, message]))
  const now = [...chosen.values()]
    .map((message) => held.get(message.id) ?? message)
    .filter(({ id, seq, deleted_at }) => {
      return !deleted_at && seq > room.me.cleared_seq && !room.hidden.has(id)
    })
  const same = now.length === chosen.size && now.every((one) => chosen.get(one.id) === one)
  return same ? chosen : new Map(now.map((message) => [message.id, message]))
}

function withAll(chosen: Chosen, messages: readonly Message[]): Chosen {
  const fresh = messages.filter(({ id }) => !chosen.has(id)).slice(0, CHOSEN_MAX - chosen.size)
  return fresh.length > 0
    ? new Map([...chosen, ...fresh.map((one) => [one.id, one] as const)])
    : chosen
}
