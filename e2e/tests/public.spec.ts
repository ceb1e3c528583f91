import { expect, test } from '../test'
import { expectAccessibleInBothThemes } from '../axe'
import { sticksOut } from '../layout'

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
