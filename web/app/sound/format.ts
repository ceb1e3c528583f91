// In what form a browser records, and what the file is called.

export interface Format {
  /** What the recorder is asked for. */
  mime: string
  /** Of the file. */
  type: string
  extension: string
}

/** The best first: Opus is small, and MP4 is what is left to a browser that has neither. */
const FORMATS: Format[] = [
  { mime: 'audio/webm;codecs=opus', type: 'audio/webm', extension: 'webm' },
  { mime: 'audio/ogg;codecs=opus', type: 'audio/ogg', extension: 'ogg' },
  { mime: 'audio/mp4', type: 'audio/mp4', extension: 'm4a' },
]

export const formatOf = (supported: (mime: string) => boolean): Format | undefined =>
  FORMATS.find(({ mime }) => supported(mime))

/** When it was begun, by the clock of this device, and how long it lasts: `voiceSeconds` reads it. */
export function voiceName(begun: Date, ms: number, { extension }: Format): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [begun.getFullYear(), two(begun.getMonth() + 1), two(begun.getDate())].join('-')
  const time = [begun.getHours(), begun.getMinutes(), begun.getSeconds()].map(two).join('.')
  return `voice-${day}-${time}-${Math.max(1, Math.round(ms / 1000))}s.${extension}`
}
