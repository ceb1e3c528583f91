// What the system tells while nobody looks. Its notifications are seen by no browser test: in their
// place stands a registration that writes down what it is asked to show.
import type { Page } from '@playwright/test'
import { bubble, composer, newPerson, openChat, pairIn, say, type Person } from '../person'
import { expect, test } from '../test'

/** In each page of a browser, from its next start on. */
async function watchNotifications({ page }: Person): Promise<void> {
  await page.context().addInitScript(() => {
    // A window begins empty.
    if (location.protocol === 'about:') return
    const open = new Map<string, Told>()
    let notes = 0
    const { start } = OscillatorNode.prototype
    OscillatorNode.prototype.start = function (when) {
      notes += 1
      start.call(this, when)
    }
    const registration = {
      showNotification: async (title: string, { body, tag, silent }: NotificationOptions) =>
        void open.set(tag ?? '', { title, body, silent, closed: false }),
      getNotifications: async ({ tag = '' }) => {
        const notification = open.get(tag)
        return notification ? [{ close: () => (notification.closed = true) }] : []
      },
    }
    let looked = true
    Object.defineProperty(Notification, 'permission', { get: () => 'granted' })
    Object.defineProperty(document, 'visibilityState', {
      get: () => (looked ? 'visible' : 'hidden'),
    })
    navigator.serviceWorker.getRegistration = async () =>
      registration as unknown as ServiceWorkerRegistration
    localStorage.setItem('warren.notifications', '{"on":true,"preview":true}')
    Object.assign(window, {
      told: () => [...open.values()],
      notes: () => notes,
      look(yes: boolean) {
        looked = yes
        document.dispatchEvent(new Event('visibilitychange'))
      },
    })
  })
  await page.reload()
}

interface Told {
  title: string
  body?: string
  silent?: boolean | null
  closed: boolean
}
interface Watched {
  told(): Told[]
  /** How many have sounded. */
  notes(): number
  look(yes: boolean): void
}
const told = (page: Page) => page.evaluate(() => (window as unknown as Watched).told())
const notes = (page: Page) => page.evaluate(() => (window as unknown as Watched).notes())
const look = (page: Page, yes: boolean) =>
  page.evaluate((yes) => (window as unknown as Watched).look(yes), yes)

test('a hidden tab tells what came, a draft or not, and takes it back when it is read', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  await watchNotifications(ada)
  await expect(bubble(page, 'hello')).toBeVisible()
  await composer(page).fill('half a thou')
  await say(bob, 'seen at once')
  await expect(bubble(page, 'seen at once')).toBeVisible()
  expect(await told(page)).toEqual([])

  await look(page, false)
  await say(bob, 'are you **there**?', 'are you there?')
  // Our own tone sounds in its place.
  const notice = { title: 'Bob', body: 'are you there?', silent: true, closed: false }
  await expect.poll(() => told(page)).toEqual([notice])
  await look(page, true)
  await expect.poll(() => told(page)).toEqual([{ ...notice, closed: true }])
})

test('what is muted is silent, and so is what another tab shows', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const cleo = await newPerson(browser, 'Cleo')
  await openChat(cleo, ada)
  await say(cleo, 'hello from Cleo')
  const { page } = ada
  await watchNotifications(ada)
  await page.getByRole('link', { name: /^Cleo/ }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Mute' }).first().hover()
  await page.keyboard.press('ArrowRight')
  await page
    .getByRole('menuitem', { name: /Always|Until/ })
    .last()
    .click()
  await expect(page.getByRole('link', { name: /^Cleo/ })).toContainText('Muted')

  const second = await page.context().newPage()
  await second.goto(page.url())
  await expect(bubble(second, 'hello')).toBeVisible()
  // The first leads, and nobody sees it; the second shows the chat.
  await look(page, false)
  await say(cleo, 'nobody hears this')
  await say(bob, 'read in the other tab')
  await expect(bubble(second, 'read in the other tab')).toBeVisible()
  await expect(page.getByRole('link', { name: /^Cleo/ })).toContainText('nobody hears this')
  expect(await told(page)).toEqual([])

  await second.goto('/people')
  await say(bob, 'and this one?')
  await expect.poll(() => told(page)).toMatchObject([{ title: 'Bob', body: 'and this one?' }])
  expect(await told(second)).toEqual([])
})

test('who is not to be disturbed neither sees nor hears what comes, until any tab says so', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  await watchNotifications(ada)
  await composer(page).click()
  await look(page, false)
  await say(bob, 'heard')
  const heard = { title: 'Bob', body: 'heard', silent: true, closed: false }
  await expect.poll(() => told(page)).toEqual([heard])
  // Two notes are the tone.
  expect(await notes(page)).toBe(2)

  const second = await page.context().newPage()
  await second.goto('/settings/notifications')
  await second.getByRole('button', { name: 'For one hour' }).click()
  const signOf = (tab: Page) => tab.getByRole('button', { name: /^Do not disturb until/ })
  for (const tab of [page, second]) await expect(signOf(tab)).toBeVisible()
  await page.reload()
  await expect(signOf(page)).toBeVisible()
  await composer(page).click()
  await look(page, false)
  await say(bob, 'not heard')
  // It is counted all the same.
  await expect(page.getByRole('link', { name: /^Bob/ })).toContainText(/not heard.*unread/)
  await expect(page).toHaveTitle(/^\(\d\)/)
  expect([await told(page), await told(second)]).toEqual([[], []])

  await signOf(page).click()
  await page.getByRole('menuitem', { name: 'Turn off' }).click()
  for (const tab of [page, second]) await expect(signOf(tab)).toHaveCount(0)
  await say(bob, 'heard again')
  // The first gave the lead away when it was loaded again.
  await expect.poll(() => told(second)).toEqual([{ ...heard, body: 'heard again' }])
  expect([await notes(second), await told(page), await notes(page)]).toEqual([2, [], 0])
})
