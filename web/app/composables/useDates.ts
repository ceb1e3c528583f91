// Times as people read them, in the language of the page and the zone of the device.

const DAY_MS = 86_400_000

/** Formatters are dear to make and there is one for each of a thousand rows: they are kept. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  const found = formatters.get(key) ?? new Intl.DateTimeFormat(locale, options)
  formatters.set(key, found)
  return found
}

/** Midnight of the day of `time`, on this device. */
export function startOfDay(time: Date | string | number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

export function useDates() {
  const { t, localeProperties } = useI18n()
  const language = computed(() => localeProperties.value.language)
  const as = (time: Date | string | number, options: Intl.DateTimeFormatOptions) =>
    formatter(language.value, options).format(new Date(time))

  const daysAgo = (time: string | number) =>
    Math.round((startOfDay(Date.now()) - startOfDay(time)) / DAY_MS)

  /** 09:30 */
  const clock = (time: string | number) => as(time, { hour: '2-digit', minute: '2-digit' })

  /** Today · Yesterday · Friday · 3 March · 3 March 2025 */
  function day(time: string | number): string {
    const ago = daysAgo(time)
    if (ago === 0) return t('timeline.today')
    if (ago === 1) return t('timeline.yesterday')
    if (ago > 1 && ago < 7) return as(time, { weekday: 'long' })
    const year = new Date(time).getFullYear() === new Date().getFullYear() ? undefined : 'numeric'
    return as(time, { day: 'numeric', month: 'long', year })
  }

  /** March 2025 */
  const month = (time: string | number) => as(time, { month: 'long', year: 'numeric' })

  /** For a row of a list: 09:30 · Yesterday · Fri · 03/03/25 */
  function short(time: string | number): string {
    const ago = daysAgo(time)
    if (ago <= 0) return clock(time)
    if (ago === 1) return t('timeline.yesterday')
    if (ago < 7) return as(time, { weekday: 'short' })
    return as(time, { day: '2-digit', month: '2-digit', year: '2-digit' })
  }

  /** The whole of it: for tooltips and dates of events. */
  const full = (time: string | number) => as(time, { dateStyle: 'long', timeStyle: 'short' })
  const date = (time: string | number) => as(time, { dateStyle: 'long' })

  /** today 09:30, or the day with its time */
  const moment = (time: string | number) => `${day(time)}, ${clock(time)}`

  return { clock, day, month, short, full, date, moment }
}
