// What goes into the clipboard of several messages: who said what when, where several said it.
import type { Message } from '~/api/wire'

interface Told {
  author(message: Message): string
  time(message: Message): string
}

/** `messages` in the order of the conversation. */
export function copiedText(messages: readonly Message[], { author, time }: Told): string {
  const several = new Set(messages.map((message) => message.sender_id)).size > 1
  return messages
    .map((message) => {
      const said = contentOf(message)
      return several ? `[${time(message)}] ${author(message)}: ${said}` : said
    })
    .join('\n')
}

/** Files are there by their names. */
function contentOf({ body, attachments }: Message): string {
  return [body, ...attachments.map(({ name }) => name)].filter(Boolean).join('\n')
}
