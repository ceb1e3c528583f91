// What one does with a file: see what it is and how large, and save it.
import type { Attachment } from '~/api/wire'
import { nameOf as fileName } from '~/files/summary'

const UNITS = ['byte', 'kilobyte', 'megabyte'] as const
const STEP = 1000

export function useFileActions() {
  const { t, localeProperties } = useI18n()
  const files = useFiles()
  const { attempt, done } = useNotice()

  function sizeText(bytes: number): string {
    const step = Math.min(
      UNITS.length - 1,
      Math.floor(Math.log(Math.max(1, bytes)) / Math.log(STEP)),
    )
    return new Intl.NumberFormat(localeProperties.value.language, {
      style: 'unit',
      unit: UNITS[step],
      unitDisplay: step === 0 ? 'long' : 'short',
      maximumFractionDigits: step > 1 ? 1 : 0,
    }).format(bytes / STEP ** step)
  }

  const nameOf = (file: Pick<Attachment, 'name' | 'content_type'>) => fileName(file, t)

  async function save(file: Attachment) {
    await attempt(async () => {
      const address = await files.fresh(file.id)
      if (!address) return done(t('file.gone'))
      const link = document.createElement('a')
      link.href = address.url
      link.download = file.name
      link.click()
    })
  }

  return { sizeText, nameOf, save }
}
