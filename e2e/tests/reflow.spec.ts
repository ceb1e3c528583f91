// Nothing sticks out, whatever makes text long: what people call themselves and write, another
// language, another font. The last by the spacing that WCAG 1.4.12 says a reader may ask for, which
// is wider than any font that a machine may have.
import type { BrowserContext } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { ask, clientOf } from '../api'
import { makeDemo, type Demo } from '../demo'
import { sticksOut } from '../layout'
import { PASSWORD, signedIn } from '../person'
import { expectLoaded, pagesOf, SIZES, statesOf } from '../places'
import { expect, test } from '../test'

const PUBLIC = { landing: '/', login: '/login', register: '/register', missing: '/no/such/page' }
/** As long as a name may be, without a place to break it. */
const UNBREAKABLE = 'Rechtsschutzversicherungsgesellschaften'.repeat(2)
const LONGEST_IP = '2001:0db8:85a3:fd12:a6b8:8a2e:1319:7344'

/** The widest that a reader may ask for. */
async function spaceText(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(
      '* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; line-height: 1.5 !important }',
    )
    document.adoptedStyleSheets.push(sheet)
  })
}

/** The demo, in which everything has the longest name it may have. */
async function makeLongDemo(): Promise<Demo> {
  const demo = await makeDemo()
  const me = await clientOf(demo)
  const name = UNBREAKABLE.slice(0, 64)
  await me.ask('PATCH', '/me', { display_name: name, about: UNBREAKABLE })
  const { items } = await me.ask<{ items: { user: { id: string } }[] }>('GET', '/contacts')
  for (const { user } of items) await me.ask('PUT', `/contacts/${user.id}`, { alias: name })
  await me.ask('PATCH', `/groups/${demo.group}`, { name, description: UNBREAKABLE })
  await me.ask('PATCH', `/channels/${demo.channel}`, { name, topic: UNBREAKABLE })
  for (const conversation of [demo.direct, demo.channel]) {
    const message = { client_id: randomUUID(), body: `\`${UNBREAKABLE}\` ${UNBREAKABLE}` }
    await me.ask('POST', `/conversations/${conversation}/messages`, message)
  }
  await ask('POST', '/auth/login', null, {
    username: demo.username,
    password: PASSWORD,
    device: name,
  })
  return demo
}

for (const [language, ...widths] of [
  ['de-DE', 320, 820],
  ['en-GB', 390],
] as const) {
  test(`nothing sticks out of ${widths.join(' or ')} pixels: ${language}`, async ({
    browser,
    faults,
  }) => {
    test.setTimeout(240_000)
    // The page that is missing is said to be.
    faults.allow(/status of 404/)
    const demo = await makeLongDemo()
    const context = await browser.newContext({
      storageState: await signedIn('login', { username: demo.username }),
      locale: language,
      viewport: SIZES.phone,
      hasTouch: true,
      isMobile: true,
      reducedMotion: 'reduce',
    })
    await spaceText(context)
    const page = await context.newPage()
    await page.route('**/v1/auth/sessions*', async (route) => {
      const response = await route.fetch()
      const { items, ...rest } = (await response.json()) as { items: object[] }
      await route.fulfill({
        response,
        json: { ...rest, items: items.map((item) => ({ ...item, ip: LONGEST_IP })) },
      })
    })
    const look = (name: string, path: string) =>
      test.step(name, async () => {
        await page.goto(path)
        await expectLoaded(page)
        for (const width of widths) {
          await page.setViewportSize({ ...SIZES.phone, width })
          expect.soft(await sticksOut(page), `${name} sticks out of ${width}`).toEqual([])
        }
      })
    for (const [name, path] of Object.entries({ ...pagesOf(demo), ...statesOf(demo) }))
      await look(name, path)
    await context.clearCookies()
    await page.evaluate(() => localStorage.clear())
    for (const [name, path] of Object.entries({ ...PUBLIC, invite: `/invite/${demo.invite}` }))
      await look(name, path)
  })
}
