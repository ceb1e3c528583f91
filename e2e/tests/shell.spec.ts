import { expect, test } from '../test'
import { expectAccessible, expectAccessibleInBothThemes } from '../axe'
import { sticksOut } from '../layout'
import { makeDemo } from '../demo'
import { signIn } from '../person'
import { expectLoaded, pagesOf, SIZES } from '../places'

for (const size of ['phone', 'desk'] as const) {
  test(`every page inside is accessible and quiet: ${size}`, async ({ browser }) => {
    test.setTimeout(240_000)
    const demo = await makeDemo()
    const phone = size === 'phone'
    const context = await browser.newContext({
      viewport: SIZES[size],
      reducedMotion: 'reduce',
      hasTouch: phone,
      isMobile: phone,
      colorScheme: phone ? 'dark' : 'light',
    })
    const page = await context.newPage()
    await signIn(page, demo.username)
    for (const [name, path] of Object.entries(pagesOf(demo))) {
      await test.step(name, async () => {
        await page.goto(path)
        await expectLoaded(page)
        // What only a phone has is judged in the dark, all else in both.
        await (phone ? expectAccessible(page) : expectAccessibleInBothThemes(page))
        expect(await sticksOut(page), `${name} sticks out`).toEqual([])
      })
    }
    await context.close()
  })
}
