// Pictures to look at, into `shots/`.
import {
  expect,
  test,
  type Browser,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from '@playwright/test'
import { makeDemo, type Demo } from '../demo'
import { furnish, messageMenu, MINE, OPENINGS, THEIRS } from '../openings'
import { bubble, composer, newPerson, signedIn, signIn } from '../person'
import { expectLoaded, pagesOf, SIZES, statesOf } from '../places'

const PUBLIC = { landing: '/', login: '/login', register: '/register', missing: '/no/such/page' }

let demo: Demo
test.beforeAll(async ({ browser }) => {
  demo = await makeDemo()
  await furnish(browser, demo)
})

async function picture(page: Page, name: string) {
  await page.evaluate(() => document.fonts.ready)
  await expect(page.locator('.animate-spin')).toHaveCount(0)
  await page.screenshot({ path: `shots/${name}.png` })
}

async function shoot(page: Page, name: string, path: string) {
  await page.goto(path)
  await expectLoaded(page)
  await picture(page, name)
}

/** What is begun in a conversation, or above it; a page of its own each. */
const BEGUN: Record<string, (page: Page) => Promise<Locator>> = {
  ...OPENINGS,
  choosing: async (page) => {
    await messageMenu(page, MINE, 'Select')
    await bubble(page, THEIRS).click()
    return page.getByText('2 chosen', { exact: true }).last()
  },
  'toolbar of a message': async (page) => {
    await bubble(page, THEIRS).hover()
    return bubble(page, THEIRS).getByRole('button').last()
  },
  // From here on a draft is kept.
  commands: async (page) => {
    await composer(page).pressSequentially('/')
    return page.getByRole('option').last()
  },
  answering: async (page) => {
    await messageMenu(page, THEIRS, 'Reply')
    await page.locator('input[type=file][multiple]').setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('carrots, tea') },
      { name: 'a plan of the west tunnel.pdf', mimeType: 'text/plain', buffer: Buffer.from('-') },
    ])
    await composer(page).fill('All of it:\nthe notes, and the plan.')
    return page.getByTestId('intent')
  },
  offline: async (page) => {
    await composer(page).fill('')
    await page.context().setOffline(true)
    return page.getByText(/^Offline/)
  },
}
/** What opens it is not there beside a conversation. */
const NOWHERE: Record<string, string[]> = {
  phone: ['board of emoji', 'do not disturb', 'new chat', 'new group', 'toolbar of a message'],
  tablet: ['do not disturb', 'new group'],
}

/** What a device is set to. */
const HABITS: Record<string, Record<string, string>> = {
  compact: { 'warren.density': 'compact' },
  'compact-small': { 'warren.density': 'compact', 'warren.text-size': 'small' },
  large: { 'warren.text-size': 'large', 'warren.quiet-until': '9999-12-31T00:00:00.000Z' },
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
    const phone = size === 'phone'
    const device: BrowserContextOptions = {
      colorScheme: scheme,
      viewport,
      hasTouch: phone,
      isMobile: phone,
      deviceScaleFactor: 1,
    }
    const named = (name: string) => `${name.replaceAll(' ', '-')}-${size}-${scheme}`
    const enter = async (browser: Browser) =>
      browser.newContext({
        ...device,
        storageState: await signedIn('login', { username: demo.username }),
      })

    test(`${scheme}, ${size}`, async ({ browser }) => {
      const context = await browser.newContext(device)
      const page = await context.newPage()
      for (const [name, path] of Object.entries({ ...PUBLIC, invite: `/invite/${demo.invite}` })) {
        await shoot(page, named(name), path)
      }
      await signIn(page, demo.username)
      for (const [name, path] of Object.entries({ ...pagesOf(demo), ...statesOf(demo) })) {
        await shoot(page, named(name), path)
      }
      await context.close()
    })

    test(`what opens: ${scheme}, ${size}`, async ({ browser }) => {
      const context = await enter(browser)
      for (const [name, open] of Object.entries(BEGUN)) {
        if (NOWHERE[size]?.includes(name)) continue
        await test.step(name, async () => {
          const page = await context.newPage()
          await page.goto(`/chats/${demo.direct}`)
          await expect(bubble(page, MINE)).toBeVisible()
          await expect(await open(page)).toBeVisible()
          await picture(page, named(name))
          await page.close()
        })
      }
      await context.close()
    })

    test(`habits, and the first day: ${scheme}, ${size}`, async ({ browser }) => {
      for (const [name, habits] of Object.entries(HABITS)) {
        const context = await enter(browser)
        await context.addInitScript((kept) => Object.assign(localStorage, kept), habits)
        const page = await context.newPage()
        await shoot(page, named(`chats-${name}`), '/chats')
        await shoot(page, named(`channel-${name}`), `/groups/${demo.group}/${demo.channel}`)
        await context.close()
      }
      const { page } = await newPerson(browser, 'Ines', device)
      await picture(page, named('first-day'))
      await page.context().close()
    })
  }
}
