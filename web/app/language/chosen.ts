/** The language that was chosen in this browser: in a cookie, so that a server can know it. */
export const CHOSEN_COOKIE = 'warren_language'

const YEAR_S = 365 * 24 * 3600
const KEPT = new RegExp(`(?:^|; )${CHOSEN_COOKIE}=(\\w+)`)

export const chosenHere = (): string | undefined => KEPT.exec(document.cookie)?.[1]

export function chooseHere(code: string) {
  document.cookie = `${CHOSEN_COOKIE}=${code}; Max-Age=${YEAR_S}; Path=/; SameSite=Lax`
}
