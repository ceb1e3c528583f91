// The sign of a file that is not shown but named.
import type { Attachment } from '~/api/wire'
import { voiceSeconds } from './voiceNote'

const ICONS: [test: RegExp, icon: string][] = [
  [/^image\//, 'i-lucide-image'],
  [/^video\//, 'i-lucide-film'],
  [/^audio\//, 'i-lucide-music'],
  [/pdf$/, 'i-lucide-file-text'],
  [/zip|gzip|tar|7z/, 'i-lucide-file-archive'],
  [/^text\//, 'i-lucide-file-text'],
]

export function iconOf(file: Attachment): string {
  const { content_type: type } = file
  if (voiceSeconds(file) !== null) return 'i-lucide-mic'
  return ICONS.find(([test]) => test.test(type))?.[1] ?? 'i-lucide-file'
}
