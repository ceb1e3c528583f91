/** That one is not to be disturbed, and until when; empty while one may be. */
import { FOREVER } from '~/attention/forever'

export function useQuietText() {
  const { t } = useI18n()
  const { clock, moment } = useDates()
  const quiet = useQuiet()

  return computed(() => {
    const { on, until } = quiet
    if (!on) return ''
    if (until === FOREVER) return t('quiet.on')
    const today = startOfDay(until) === startOfDay(Date.now())
    return t('quiet.until', { when: today ? clock(until) : moment(until) })
  })
}
