/** The messages of a conversation that are held: sorted by `seq`, each once. */
import type { Message } from '~/api/wire'

/** The list with the message in its place; the same list when that state or a newer one is held. */
export function inserted(
  messages: readonly Message[],
  message: Message,
  own: string,
): readonly Message[] {
  const at = placeOf(messages, message.seq)
  const held = messages[at]
  if (held?.seq !== message.seq) return messages.toSpliced(at, 0, withOwnReactions(message, own))
  if (held.rev >= message.rev) return messages
  return messages.with(at, withOwnReactions(message, own, held))
}

/**
 * Which reactions are the caller's: REST answers say it, frames are the same for everyone and name
 * the newest twenty people. Whoever is not among those is taken to be where they were.
 */
function withOwnReactions(message: Message, own: string, held?: Message): Message {
  if (message.reactions.length === 0) return message
  const reactions = message.reactions.map((reaction) => {
    const before = held?.reactions.find(({ emoji }) => emoji === reaction.emoji)?.mine ?? false
    const unnamed = reaction.count > reaction.user_ids.length
    const mine = reaction.mine ?? (reaction.user_ids.includes(own) || (unnamed && before))
    return { ...reaction, mine }
  })
  return { ...message, reactions }
}

/** The index of the first message at or after `seq`. */
export function placeOf(messages: readonly Message[], seq: number): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle]?.seq ?? seq) < seq) low = middle + 1
    else high = middle
  }
  return low
}
