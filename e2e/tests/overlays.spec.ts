// What opens above a page, and pages that are seldom met: accessible in both themes, in German, and
// mirrored for scripts that run from right to left.
import type { Browser, BrowserContextOptions, Locator, Page } from '@playwright/test'
import { clientOf } from '../api'
import { expectAccessible } from '../axe'
import { makeDemo, type Demo } from '../demo'
import { covered, sticksOut } from '../layout'
import { FLOATING, furnish, MINE, OPENINGS } from '../openings'
import { bubble, signedIn } from '../person'
import { expectLoaded, pagesOf, SIZES } from '../places'
import { expect, test } from '../test'

let demo: Demo

/** The demo's owner, in a browser of their own. */
async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const storageState = await signedIn('login', { username: demo.username })
  const context = await browser.newContext({ ...options, storageState, reducedMotion: 'reduce' })
  return await context.newPage()
}

test.beforeAll(async ({ browser }) => {
  demo = await makeDemo()
  const { ask } = await clientOf(demo)
  const { items: members } = await ask<{ items: { user: { id: string; display_name: string } }[] }>(
    'GET',
    `/groups/${demo.group}/members`,
  )
  const banned = members.find(({ user }) => user.display_name === 'Milo Brandt')?.user.id
  await ask('PUT', `/groups/${demo.group}/bans/${banned}`)
  await furnish(browser, demo)
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`what opens is accessible, and Escape closes it: ${colorScheme}`, async ({ browser }) => {
    const page = await visit(browser, { colorScheme })
    await page.goto(`/chats/${demo.direct}`)
    await expect(bubble(page, MINE)).toBeVisible()
    for (const [name, open] of Object.entries(OPENINGS)) {
      await test.step(name, async () => {
        await expect(await open(page)).toBeVisible()
        await expectAccessible(page, FLOATING)
        await page.keyboard.press('Escape')
        await expect(page.locator(FLOATING)).toHaveCount(0)
      })
    }
  })

  test(`bans, the end of an account, an invitation are accessible: ${colorScheme}`, async ({
    browser,
  }) => {
    const page = await visit(browser, { colorScheme })
    await page.goto(`/groups/${demo.group}/manage?tab=bans`)
    await expect(page.getByRole('button', { name: 'Lift ban' })).toBeVisible()
    await expectAccessible(page)
    await page.goto('/settings/account')
    await page.getByRole('button', { name: 'Delete account' }).click()
    await expect(page.getByRole('dialog').getByLabel('Your username')).toBeVisible()
    await expectAccessible(page)

    const alone = await browser.newContext({ colorScheme, reducedMotion: 'reduce' })
    const stranger = await alone.newPage()
    for (const [reader, action] of [
      [page, 'Accept invitation'],
      [stranger, 'Sign in to accept'],
    ] as const) {
      await reader.goto(`/invite/${demo.invite}`)
      await expect(reader.getByText(action)).toBeVisible()
      await expectAccessible(reader)
    }
  })
}

const MAIN_PAGES = ['direct-details', 'channel', 'manage-members', 'people']

test('main pages are accessible in German', async ({ browser }) => {
  const page = await visit(browser, { locale: 'de-DE' })
  for (const name of [...MAIN_PAGES, 'settings-profile']) {
    await test.step(name, async () => {
      await page.goto(pagesOf(demo)[name] ?? '')
      await expectLoaded(page)
      await expect(page.locator('html')).toHaveAttribute('lang', 'de-DE')
      await expectAccessible(page)
    })
  }
})

test('details that lie over a chat dim it, keep the focus, and are closed by a tap beside them', async ({
  browser,
}) => {
  const page = await visit(browser, { viewport: SIZES.tablet })
  await page.goto(`/chats/${demo.direct}`)
  await expect(bubble(page, MINE)).toBeVisible()
  const opener = page.getByRole('button', { name: 'Details', exact: true })
  const details = page.getByRole('dialog', { name: 'Details' })
  const focused = details.locator(':focus')

  await opener.press('Enter')
  await expect(details).toBeFocused()
  await expectAccessible(page, FLOATING)
  await page.keyboard.press('Shift+Tab')
  await expect(focused).toHaveText('Search in this chat')
  await page.keyboard.press('Tab')
  await expect(focused).toHaveAccessibleName('Close')
  await page.keyboard.press('Escape')
  await expect(details).toHaveCount(0)
  await expect(opener).toBeFocused()

  await opener.click()
  await expect(details).toBeFocused()
  // Neither the chat nor the list beside it.
  await page.mouse.click(40, 300)
  await expect(details).toHaveCount(0)
  await expect(page).toHaveURL(new RegExp(`/chats/${demo.direct}$`))
  await expect(opener).toBeFocused()
  await page.getByRole('button', { name: 'Emoji', exact: true }).click({ trial: true })
})

/** As a language would be that runs from right to left, from the first moment on. */
const mirror = (page: Page) =>
  page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.dir !== 'rtl') document.dir = 'rtl'
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['dir'] })
  })

const left = async (pane: Locator) => (await pane.boundingBox())?.x ?? NaN

for (const size of ['phone', 'desk'] as const) {
  test(`from right to left nothing sticks out, and panes change sides: ${size}`, async ({
    browser,
  }) => {
    const page = await visit(browser, { viewport: SIZES[size] })
    await mirror(page)
    for (const name of [...MAIN_PAGES, 'direct', 'settings-appearance']) {
      await test.step(name, async () => {
        await page.goto(pagesOf(demo)[name] ?? '')
        await expectLoaded(page)
        expect.soft(await sticksOut(page), `${name} sticks out`).toEqual([])
        expect.soft(await covered(page), `${name} has texts under a time`).toEqual([])
        expect(await page.evaluate(() => document.dir)).toBe('rtl')
      })
    }
    if (size !== 'desk') return
    await page.goto(pagesOf(demo)['direct-details'] ?? '')
    const [rail, list, timeline, details] = [
      page.getByRole('navigation', { name: 'Main' }),
      page.getByRole('navigation', { name: 'Chats' }),
      page.getByTestId('timeline'),
      page.getByRole('complementary', { name: 'Details' }),
    ]
    await expect(bubble(page, MINE)).toBeVisible()
    await expect(details).toBeVisible()
    const places = [await left(rail), await left(list), await left(timeline), await left(details)]
    expect(places, 'rail, list, timeline, details').toEqual(places.toSorted((a, b) => b - a))
  })
}
