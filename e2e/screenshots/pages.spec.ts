// Pictures to look at, into `shots/`.
import { expect, test, type Page } from '@playwright/test'
import { makeDemo, type Demo } from '../demo'
import { signIn } from '../person'
import { expectLoaded, pagesOf, SIZES, statesOf } from '../places'

const PUBLIC = { landing: '/', login: '/login', register: '/register', missing: '/no/such/page' }

let demo: Demo
test.beforeAll(async () => {
  demo = await makeDemo()
})

async function shoot(page: Page, name: string, path: string) {
  await page.goto(path)
  await expectLoaded(page)
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: `shots/${name}.png` })
}

// Those of the README: the whole at a desk, and a conversation in the hand at night.
test('the pictures of the README', async ({ browser }) => {
  for (const [name, size, colorScheme, path] of [
    ['desk', 'desk', 'light', `/chats/${demo.direct}?details=about`],
    ['phone', 'phone', 'dark', `/groups/${demo.group}/${demo.channel}`],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: SIZES[size] })
    const page = await context.newPage()
    await signIn(page, demo.username)
    await page.goto(path)
    await expectLoaded(page)
    await expect(page.getByRole('article').last()).toBeVisible()
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: `../docs/pictures/${name}.png` })
    await context.close()
  }
})

for (const scheme of ['light', 'dark'] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`${scheme}, ${size}`, async ({ browser }) => {
      const phone = size === 'phone'
      const context = await browser.newContext({
        colorScheme: scheme,
        viewport,
        hasTouch: phone,
        isMobile: phone,
        deviceScaleFactor: 1,
      })
      const page = await context.newPage()
      for (const [name, path] of Object.entries({ ...PUBLIC, invite: `/invite/${demo.invite}` })) {
        await shoot(page, `${name}-${size}-${scheme}`, path)
      }
      await signIn(page, demo.username)
      for (const [name, path] of Object.entries({ ...pagesOf(demo), ...statesOf(demo) })) {
        await shoot(page, `${name}-${size}-${scheme}`, path)
      }
      await context.close()
    })
  }
}
