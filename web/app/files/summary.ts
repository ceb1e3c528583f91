/** What the files of a message are, in a word or two: where a line has no room for them. */
import type { Attachment } from '~/api/wire'

type Kind = 'photo' | 'video' | 'audio' | 'file'

const kindOf = ({ content_type: type }: Pick<Attachment, 'content_type'>): Kind => {
  if (type.startsWith('image/')) return 'photo'
  if (type.startsWith('video/')) return 'video'
  return type.startsWith('audio/') ? 'audio' : 'file'
}

/** A file alone goes by its name, what is seen or heard by its kind; several are counted. */
export function summaryOf(
  files: readonly Pick<Attachment, 'content_type' | 'name'>[],
  t: (key: string, count: number) => string,
): string {
  const [first] = files
  if (!first) return ''
  const kind = files.every((file) => kindOf(file) === kindOf(first)) ? kindOf(first) : 'file'
  return kind === 'file' && files.length === 1 ? first.name : t(`file.sum.${kind}`, files.length)
}
