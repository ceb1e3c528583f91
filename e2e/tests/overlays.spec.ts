// What opens above a page, and pages that are seldom met: accessible in both themes, in German, and
// mirrored for scripts that run from right to left.
import type { Browser, BrowserContextOptions, Locator, Page } from '@playwright/test'
import { clientOf } from '../api'
import { expectAccessible } from '../axe'
import { makeDemo, type Demo } from '../demo'
import { sticksOut } from '../layout'
import { bubble, composer, signedIn } from '../person'
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
  const { items: messages } = await ask<{ items: { id: string; body: string }[] }>(
    'GET',
    `/conversations/${demo.direct}/messages`,
  )
  const liked = messages.find(({ body }) => body === 'That is all?')?.id
  await ask('PUT', `/conversations/${demo.direct}/messages/${liked}/reactions/👍`)
  const { items: members } = await ask<{ items: { user: { id: string; display_name: string } }[] }>(
    'GET',
    `/groups/${demo.group}/members`,
  )
  const banned = members.find(({ user }) => user.display_name === 'Milo Brandt')?.user.id
  await ask('PUT', `/groups/${demo.group}/bans/${banned}`)

  const page = await visit(browser)
  await page.goto(`/chats/${demo.direct}`)
  await expect(composer(page)).toBeVisible()
  const sign = { name: 'sign.png', mimeType: 'image/png', buffer: await page.screenshot() }
  await page.locator('input[type=file][multiple]').setInputFiles([sign, { ...sign, name: 'b.png' }])
  await page.getByRole('button', { name: 'Send message' }).click()
  await expect(page.getByRole('button', { name: 'Show sign.png' })).toBeVisible()
  await page.context().close()
})

const FLOATING = '[role="dialog"], [role="menu"]'
const THEIRS = 'That is all?'
const MINE = 'That is all. The rest is tests.'

async function messageMenu(page: Page, text: string, item?: string) {
  await bubble(page, text).locator('[data-bubble]').click({ button: 'right' })
  if (item) await page.getByRole('menuitem', { name: item }).click()
}

async function chatMenu(page: Page, item?: string) {
  await page.getByRole('button', { name: 'Actions for Grace Hopper' }).click()
  if (item) await page.getByRole('menuitem', { name: item }).click()
}

/** By name: what opens it beside a conversation. Each tells what is seen once it is there. */
const OPENINGS: Record<string, (page: Page) => Promise<Locator>> = {
  'menu of a chat': async (page) => {
    await chatMenu(page)
    return page.getByRole('menuitem', { name: 'Archive' })
  },
  'menu of a message': async (page) => {
    await messageMenu(page, THEIRS)
    return page.getByRole('menuitem', { name: 'Copy text' })
  },
  'emoji used last': async (page) => {
    await bubble(page, THEIRS).focus()
    await page.keyboard.press('e')
    return page.getByRole('button', { name: 'React with 👍' })
  },
  'board of emoji': async (page) => {
    await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    return page.locator('emoji-picker').getByRole('menuitem').first()
  },
  'do not disturb': async (page) => {
    await page.getByRole('button', { name: 'Do not disturb' }).click()
    return page.getByRole('menuitem', { name: 'Until tomorrow morning' })
  },
  lightbox: async (page) => {
    await page.getByRole('button', { name: 'Show sign.png' }).click()
    return page.getByRole('dialog').getByRole('img', { name: 'sign.png' })
  },
  'new chat': async (page) => {
    await page.getByRole('button', { name: 'New chat' }).click()
    return page.getByRole('dialog').getByText('Grace Hopper').first()
  },
  'new group': async (page) => {
    await page.getByRole('button', { name: 'New group' }).click()
    return page.getByRole('dialog').getByRole('button', { name: 'Create group' })
  },
  question: async (page) => {
    await chatMenu(page, 'Clear messages')
    return page.getByRole('dialog').getByRole('button', { name: 'Clear messages' })
  },
  deleting: async (page) => {
    await messageMenu(page, MINE, 'Delete')
    return page.getByRole('dialog').getByRole('button', { name: 'Delete for everyone' })
  },
  forwarding: async (page) => {
    await messageMenu(page, THEIRS, 'Forward')
    return page.getByRole('dialog').getByRole('checkbox', { name: /^Grace Hopper/ })
  },
  reactions: async (page) => {
    await messageMenu(page, THEIRS, 'Reactions')
    return page.getByRole('dialog').getByText('You', { exact: true })
  },
  'seen by': async (page) => {
    await messageMenu(page, MINE, 'Seen by')
    return page.getByRole('dialog').getByText('Grace Hopper').first()
  },
  palette: async (page) => {
    await page.keyboard.press('Control+k')
    return page.getByRole('option', { name: 'Grace Hopper' })
  },
  shortcuts: async (page) => {
    await page.keyboard.press('Control+/')
    return page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  },
}

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
