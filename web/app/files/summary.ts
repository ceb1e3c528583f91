/** What the files of a message are, in a word or two: where a line has no room for them. */
import type { Attachment } from '~/api/wire'
import { clockText, voiceSeconds } from './voiceNote'

type File = Pick<Attachment, 'content_type' | 'name'>
export type Say = (key: string, values: number | { time: string }) => string
type Kind = 'photo' | 'video' | 'audio' | 'file'

const kindOf = ({ content_type: type }: File): Kind => {
  if (type.startsWith('image/')) return 'photo'
  if (type.startsWith('video/')) return 'video'
  return type.startsWith('audio/') ? 'audio' : 'file'
}

/** What a file is called: a voice note by its length, because its name is for programs. */
export function nameOf(file: File, t: Say): string {
  const seconds = voiceSeconds(file)
  return seconds === null ? file.name : t('file.voice', { time: clockText(seconds) })
}

/** A file alone goes by its name, what is seen or heard by its kind; several are counted. */
export function summaryOf(files: readonly File[], t: Say): string {
  const [first] = files
  if (!first) return ''
  const kind = files.every((file) => kindOf(file) === kindOf(first)) ? kindOf(first) : 'file'
  const named = kind === 'file' || voiceSeconds(first) !== null
  return named && files.length === 1 ? nameOf(first, t) : t(`file.sum.${kind}`, files.length)
}
