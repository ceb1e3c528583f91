import { expect, test } from '@playwright/test'
import { expectAccessible } from '../axe'
import { watchFaults } from '../faults'

const PAGES = ['/', '/login', '/register', '/invite/none', '/no/such/page']
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

for (const scheme of ['light', 'dark'] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`public pages are accessible and quiet: ${scheme}, ${size}`, async ({ browser }) => {
      const context = await browser.newContext({
        colorScheme: scheme,
        viewport,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      const faults = watchFaults(page)
      for (const path of PAGES) {
        await page.goto(path)
        await expect(page.getByRole('main')).toBeVisible()
        await expectAccessible(page)
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        )
        expect(sideways, `${path} scrolls sideways`).toBeLessThanOrEqual(0)
      }
      // The page that is missing is answered as such, and the browser says so.
      expect(faults.filter((fault) => !fault.includes('404'))).toEqual([])
      await context.close()
    })
  }
}

test('speaks German where the reader does, and keeps it', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'de-DE' })
  const page = await context.newPage()
  await page.goto('/login')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Willkommen zurück')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de-DE')
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome back')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Welcome back')
  await context.close()
})
