import { expect, test } from '@playwright/test'
import { expectAccessible } from '../axe'
import { makeDemo } from '../demo'
import { watchFaults } from '../faults'
import { signIn } from '../person'
import { pagesOf, SIZES } from '../places'

for (const scheme of ['light', 'dark'] as const) {
  for (const size of ['phone', 'desk'] as const) {
    test(`every page inside is accessible and quiet: ${scheme}, ${size}`, async ({ browser }) => {
      test.setTimeout(240_000)
      const demo = await makeDemo()
      const phone = size === 'phone'
      const context = await browser.newContext({
        colorScheme: scheme,
        viewport: SIZES[size],
        reducedMotion: 'reduce',
        hasTouch: phone,
        isMobile: phone,
      })
      const page = await context.newPage()
      const faults = watchFaults(page)
      await signIn(page, demo.username)
      for (const [name, path] of Object.entries(pagesOf(demo))) {
        await test.step(name, async () => {
          await page.goto(path)
          await expect(page.getByRole('main')).toBeVisible()
          await expect(page.getByText('Loading…')).toHaveCount(0)
          await expectAccessible(page)
          const sideways = await page.evaluate(
            () => document.documentElement.scrollWidth - innerWidth,
          )
          expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
        })
      }
      expect(faults).toEqual([])
      await context.close()
    })
  }
}
