// What was sent in a conversation, as its panel lists it.
import type { Attachment, Message } from '~/api/wire'
import { isPicture, type Picture } from './layout'

/** A file, and the message that it came with. */
export interface Shared<F extends Attachment = Attachment> {
  file: F
  message: Message
}

export interface Month {
  key: string
  /** A moment within it, RFC 3339. */
  at: string
  pictures: Shared<Picture>[]
  others: Shared[]
}

/** The files of messages that come newest first, by the months in which they were sent. */
export function monthsOf(messages: readonly Message[]): Month[] {
  const months = new Map<string, Month>()
  for (const message of messages) {
    const at = message.created_at
    const key = monthOf(at)
    const month = months.get(key) ?? { key, at, pictures: [], others: [] }
    months.set(key, month)
    for (const file of message.attachments) {
      if (isPicture(file)) month.pictures.push({ file, message })
      else month.others.push({ file, message })
    }
  }
  return [...months.values()]
}

/** The month of a moment where the reader is. */
function monthOf(time: string): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${date.getMonth() + 1}`
}
