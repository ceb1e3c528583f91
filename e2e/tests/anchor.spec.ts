// What one reads stays where it is while older messages come in above it.
import type { Browser, Locator, Page } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { clientOf } from '../api'
import { bubble, newPerson, openChat, signedIn, type Person } from '../person'
import { expect, test } from '../test'

const MESSAGES = 300
const LOADS = 3
const MOVED_MAX_PX = 2
/** Turns of a wheel: how far each goes, and how many there are. */
const TURN_PX = 40
const TURNS = 10
/** Messages that are higher together than the turns are long. */
const MORE_THAN_TURNS = 60

/** Lets pages of older messages through one by one. */
async function holdOlder(page: Page) {
  const held: (() => void)[] = []
  await page.route(/\/messages\?(.*&)?before=/, async (route) => {
    await new Promise<void>((resolve) => held.push(resolve))
    await route.continue()
  })
  return {
    asked: () => expect.poll(() => held.length).toBe(1),
    letThrough: () => held.shift()?.(),
  }
}

/** Until nothing moves any more: rows that came in are measured and stand where they belong. */
const settled = (timeline: Locator) =>
  timeline.evaluate(async (scroller) => {
    let before = ''
    for (let still = 0; still < 3;) {
      await new Promise(requestAnimationFrame)
      const now = `${scroller.scrollTop} ${scroller.scrollHeight}`
      still = now === before ? still + 1 : 0
      before = now
    }
    return scroller.scrollHeight
  })

/** The message in the middle of what is seen, and where it is. */
const reading = (timeline: Locator) =>
  timeline.evaluate((scroller) => {
    const { top, height } = scroller.getBoundingClientRect()
    const row = [...scroller.querySelectorAll<HTMLElement>('[data-seq]')].find(
      (candidate) => candidate.getBoundingClientRect().bottom > top + height / 2,
    )
    return { seq: row?.dataset.seq, y: row?.getBoundingClientRect().y ?? NaN }
  })

const idOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? ''

/** A chat that is open, with many messages in it. */
async function longChat(
  browser: Browser,
  messages: number,
  bodyOf: (n: number) => string,
): Promise<Person> {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  const { ask } = await clientOf(ada)
  for (let n = 1; n <= messages; n += 1) {
    const message = { client_id: randomUUID(), body: bodyOf(n) }
    await ask('POST', `/conversations/${idOf(ada.page)}/messages`, message)
  }
  return ada
}

/** What somebody has open, in another browser, which holds nothing of it yet. */
async function elsewhere(browser: Browser, { page, username }: Person) {
  const storageState = await signedIn('login', { username })
  const other = await (await browser.newContext({ storageState })).newPage()
  return { page: other, open: () => other.goto(new URL(page.url()).pathname) }
}

test('older messages come in without moving what one reads', async ({ browser }) => {
  const ada = await longChat(browser, MESSAGES, (n) =>
    `Message ${n}${' and some more of it'.repeat(n % 7)}\n`.repeat(1 + (n % 3)),
  )
  const { page, open } = await elsewhere(browser, ada)
  const older = await holdOlder(page)
  await open()
  await expect(bubble(page, `Message ${MESSAGES}`)).toBeVisible()

  const timeline = page.getByTestId('timeline')
  for (let load = 1; load <= LOADS; load += 1) {
    await timeline.evaluate((scroller) => scroller.scrollTo({ top: 0 }))
    await older.asked()
    const height = await settled(timeline)
    const { seq, y } = await reading(timeline)
    older.letThrough()
    await expect.poll(() => timeline.evaluate((at) => at.scrollHeight)).toBeGreaterThan(height)
    await settled(timeline)
    const row = timeline.locator(`[data-seq="${seq}"]`)
    await expect(row, `load ${load}: message ${seq} is seen`).toBeInViewport()
    const moved = await row.evaluate((at, before) => at.getBoundingClientRect().y - before, y)
    expect(Math.abs(moved), `load ${load}: message ${seq} moved`).toBeLessThanOrEqual(MOVED_MAX_PX)
  }
})

test('a wheel that is turned as soon as a chat opens is not turned back', async ({ browser }) => {
  // Lower than is guessed: rows are measured with each turn.
  const { page } = await longChat(browser, MORE_THAN_TURNS, (n) => `Message ${n}`)
  const chat = `a[href="${new URL(page.url()).pathname}"]`
  const timeline = page.getByTestId('timeline')
  // There the mouse stays.
  await timeline.hover()
  await page.goto('/chats')
  await page.locator(chat).waitFor()
  const opened = page.waitForFunction(
    () =>
      document
        .querySelector('[data-testid="timeline"] article')
        ?.checkVisibility({ visibilityProperty: true }),
    undefined,
    { polling: 'raf' },
  )
  await page.locator(chat).evaluate((link: HTMLElement) => link.click())
  await opened
  for (let turn = 0; turn < TURNS; turn += 1) await page.mouse.wheel(0, -TURN_PX)
  await settled(timeline)
  const below = await timeline.evaluate(
    ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight,
  )
  expect(Math.abs(below - TURNS * TURN_PX)).toBeLessThanOrEqual(MOVED_MAX_PX)
})
