// Until when one is not to be disturbed, by the choice that is offered.
import { FOREVER } from './forever'

export const QUIET_CHOICES = ['half_hour', 'hour', 'morning', 'forever'] as const
export type QuietChoice = (typeof QUIET_CHOICES)[number]

const MINUTE_MS = 60_000
/** On the clock of the device: when the day begins, and until when the night belongs to the day before. */
const MORNING_HOUR = 8
const NIGHT_ENDS_HOUR = 5

/** RFC 3339. */
export function quietEnd(choice: QuietChoice, now: Date): string {
  switch (choice) {
    case 'half_hour':
      return new Date(now.getTime() + 30 * MINUTE_MS).toISOString()
    case 'hour':
      return new Date(now.getTime() + 60 * MINUTE_MS).toISOString()
    case 'morning':
      return morningAfter(now).toISOString()
    case 'forever':
      return FOREVER
  }
}

/** Who asks for it at two in the night means the morning that comes. */
function morningAfter(now: Date): Date {
  const days = now.getHours() < NIGHT_ENDS_HOUR ? 0 : 1
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING_HOUR)
}
