// How a device likes its pages: how dense, and how large the letters.
import type { Page } from '@playwright/test'
import { contrast, sticksOut, smallTargets } from '../layout'
import { bubble, newPerson, openChat, pairIn, say } from '../person'
import { expectLoaded, SIZES } from '../places'
import { expect, test } from '../test'

/** What the root said when there was a body to draw. */
const noteFirstLooks = (page: Page) =>
  page.addInitScript(() => {
    new MutationObserver((_changes, observer) => {
      if (!document.body) return
      observer.disconnect()
      Object.assign(window, { firstLooks: { ...document.documentElement.dataset } })
    }).observe(document, { subtree: true, childList: true })
  })

async function measures(page: Page) {
  const row = page.getByRole('navigation', { name: 'Chats' }).getByRole('link', { name: /^Bob/ })
  const rowHeight = (await row.boundingBox())?.height
  const letters = await row.locator('time').evaluate((time) => getComputedStyle(time).fontSize)
  return { rowHeight, letters }
}

test('compact and large are so in each tab at once, and from the first line of the next visit', async ({
  browser,
}) => {
  const [ada] = await pairIn(browser, 'hello')
  const { page } = ada
  await expect(bubble(page, 'hello')).toBeVisible()
  expect(await measures(page)).toEqual({ rowHeight: 64, letters: '12px' })
  const settings = await page.context().newPage()
  await settings.goto('/settings/appearance')
  const compact = settings.getByRole('button', { name: 'Compact' })
  await compact.click()
  await expect(compact).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(() => measures(page)).toEqual({ rowHeight: 48, letters: '12px' })
  await settings.getByRole('button', { name: 'Large' }).click()
  await expect.poll(() => measures(page)).toEqual({ rowHeight: 54, letters: '13.5px' })
  await settings.getByRole('button', { name: 'Small' }).click()
  await expect.poll(() => measures(page)).toEqual({ rowHeight: 48, letters: '11.25px' })

  await noteFirstLooks(page)
  for (const path of [page.url(), '/']) {
    await page.goto(path)
    const first = () => (window as unknown as { firstLooks?: object }).firstLooks
    expect(await page.evaluate(first)).toMatchObject({ density: 'compact', text: 'small' })
  }
})

test('a finger finds what is compact, and nothing sticks out that is large', async ({
  browser,
}) => {
  const ada = await newPerson(browser, 'Ada', { ...PHONE, reducedMotion: 'reduce' })
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'small and large')
  const chat = new URL(page.url()).pathname
  for (const [density, text] of [
    ['compact', 'small'],
    ['comfortable', 'large'],
  ] as const) {
    await page.evaluate(
      ([density, text]) => {
        localStorage.setItem('warren.density', density)
        localStorage.setItem('warren.text-size', text)
      },
      [density, text] as const,
    )
    for (const path of [
      '/chats',
      chat,
      '/settings',
      '/settings/appearance',
      '/settings/notifications',
    ]) {
      await page.goto(path)
      await expectLoaded(page)
      await expect(page.locator('html')).toHaveAttribute('data-text', text)
      expect.soft(await smallTargets(page), `${path}, ${text}`).toEqual([])
      expect.soft(await sticksOut(page), `${path}, ${text}`).toEqual([])
      if (path === '/chats') expect.soft(await linesOfFilters(page), text).toBe(1)
    }
  }
})

/** In how many lines the filters of the list stand. */
const linesOfFilters = (page: Page) =>
  page
    .getByRole('group', { name: 'Show' })
    .getByRole('button')
    .evaluateAll((all) => new Set(all.map((one) => one.getBoundingClientRect().top)).size)

test('a switch shows its knob, on and off, in both themes', async ({ browser }) => {
  const { page } = await newPerson(browser, 'Ada', { reducedMotion: 'reduce' })
  await page.goto('/settings/privacy')
  const receipts = page.getByRole('switch', { name: 'Send read receipts' })
  const knob = receipts.locator('[data-slot="thumb"]')
  for (const state of ['on', 'off'] as const) {
    if (state === 'off') await receipts.click()
    await expect(receipts).toBeChecked({ checked: state === 'on' })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect(page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
      expect.soft(await contrast(knob), `${state}, ${colorScheme}`).toBeGreaterThanOrEqual(3)
    }
  }
})

const PHONE = { viewport: { ...SIZES.phone, width: 320 }, hasTouch: true, isMobile: true }
