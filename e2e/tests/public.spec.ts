import { expect, test } from '../test'
import { expectAccessibleInBothThemes } from '../axe'
import { sticksOut } from '../layout'

/** What a page says of something that moved. */
interface Shift extends PerformanceEntry {
  value: number
}

const PAGES = ['/', '/login', '/register', '/invite/none', '/no/such/page']
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

for (const [size, viewport] of Object.entries(SIZES)) {
  test(`public pages are accessible and quiet: ${size}`, async ({ browser, faults }) => {
    // The page and the invitation that there are not.
    faults.allow(/status of 404/)
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' })
    const page = await context.newPage()
    for (const path of PAGES) {
      await page.goto(path)
      await expect(page.getByRole('main')).toBeVisible()
      await expectAccessibleInBothThemes(page)
      expect(await sticksOut(page), `${path} sticks out`).toEqual([])
    }
    await context.close()
  })
}

for (const path of ['/', '/login']) {
  test(`nothing moves when the font of a page comes: ${path}`, async ({ page }) => {
    const { promise: painted, resolve: paint } = Promise.withResolvers<void>()
    let held = 0
    await page.route('**/*.woff2', async (route) => {
      held += 1
      await painted
      await route.continue()
    })
    await page.goto(path, { waitUntil: 'commit' })
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
    paint()
    await page.waitForLoadState()
    const shift = await page.evaluate(async () => {
      await document.fonts.ready
      const shifts: number[] = []
      new PerformanceObserver((list) => {
        shifts.push(...list.getEntries().map((entry) => (entry as Shift).value))
      }).observe({ type: 'layout-shift', buffered: true })
      // By then the page has drawn with it, and the observer has heard of it.
      for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame)
      return shifts.reduce((sum, value) => sum + value, 0)
    })
    expect(held).toBeGreaterThan(0)
    expect(shift).toBeLessThanOrEqual(0.02)
  })
}

test('speaks German where the reader does, and keeps it', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'de-DE' })
  const page = await context.newPage()
  await page.goto('/login')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Willkommen zurück')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de-DE')
  // It is drawn once the page has come to life; before, a click would be lost.
  await expect(page.getByRole('button', { name: /^Farbschema/ })).toBeVisible()
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome back')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome back')
  await context.close()
})

test('speaks English where the texts of the reader do not come', async ({ browser, faults }) => {
  faults.allow(/ERR_FAILED/, /preload/)
  const context = await browser.newContext({ locale: 'de-DE' })
  await context.route(/\/_nuxt\/de\..*json$/, (route) => route.abort())
  const page = await context.newPage()
  await page.goto('/chats')
  await expect(page).toHaveURL(/\/login/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome back')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-GB')
})
