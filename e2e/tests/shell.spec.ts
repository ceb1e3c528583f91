import { expect, test } from '../test'
import { expectAccessibleInBothThemes } from '../axe'
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
    })
    const page = await context.newPage()
    await signIn(page, demo.username)
    for (const [name, path] of Object.entries(pagesOf(demo))) {
      await test.step(name, async () => {
        await page.goto(path)
        await expectLoaded(page)
        await expectAccessibleInBothThemes(page)
        expect(await sticksOut(page), `${name} sticks out`).toEqual([])
      })
    }
    await context.close()
  })
}
