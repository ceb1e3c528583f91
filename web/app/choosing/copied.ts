// What goes into the clipboard of several messages: who said what when, where several said it.
import type { Message } from '~/api/wire'
import { nameOf, type Say } from '~/files/summary'

interface Told {
  author(message: Message): string
  time(message: Message): string
  t: Say
}

/** `messages` in the order of the conversation. */
export function copiedText(messages: readonly Message[], { author, time, t }: Told): string {
  const several = new Set(messages.map((message) => message.sender_id)).size > 1
  return messages
    .map((message) => {
      const said = contentOf(message, t)
      return several ? `[${time(message)}] ${author(message)}: ${said}` : said
    })
    .join('\n')
}

/** Files are there by their names, as people see them. */
function contentOf({ body, attachments }: Message, t: Say): string {
  return [body, ...attachments.map((file) => nameOf(file, t))].filter(Boolean).join('\n')
}
