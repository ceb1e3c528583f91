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
import { bubble, composer, fillWhenReady, newPerson, signedIn, signIn } from '../person'
import { expectLoaded, pagesOf, SIZES, statesOf } from '../places'
import { makeTalk, type Talk } from '../talk'

const PUBLIC = {
  landing: '/',
  login: '/login',
  register: '/register',
  invited: '/login?next=/invite/x',
  'invite-none': '/invite/none',
  missing: '/no/such/page',
}

let demo: Demo
let talk: Talk
test.beforeAll(async ({ browser }) => {
  demo = await makeDemo()
  await furnish(browser, demo)
  talk = await makeTalk(browser, demo)
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
/** The API does not answer to what begins like this. */
const silence = (page: Page, beginning: string) =>
  page.route(`**/v1/${beginning}**`, () => new Promise(() => {}))
/** It answers that it cannot. */
const refuse = (page: Page, beginning: string) =>
  page.route(`**/v1/${beginning}**`, (route) => route.fulfill({ status: 500, json: {} }))

/** What a chat and its messages are like, and the pages around while they wait or fail. */
const STATES: Record<string, (page: Page) => Promise<Locator>> = {
  talk: async (page) => {
    await page.goto(`/chats/${talk.direct}`)
    return page.locator('[data-inside]').last()
  },
  'talk above': async (page) => {
    await page.goto(`/chats/${talk.direct}?at=1`)
    return page.getByRole('img', { name: 'North.png' }).first()
  },
  veils: async (page) => {
    await page.route('**/v1/files/**', () => new Promise(() => {}))
    await page.goto(`/chats/${talk.direct}?at=1`)
    return page.locator('[data-veil]').first()
  },
  ...Object.fromEntries(
    (['theirs', 'mine'] as const).map((whose) => [
      `heard ${whose}`,
      async (page: Page) => {
        const seq = talk.spoken[whose]
        await page.goto(`/chats/${talk.direct}?at=${seq}`)
        const message = page.locator(`article[data-seq="${seq}"]`)
        // Until its shape is known, each of its bars is a dot.
        const shape = message.getByTestId('player').locator('path').last()
        await expect(shape).toHaveAttribute('d', / 0V1/)
        const slider = message.getByRole('slider')
        for (let step = 0; step < 8; step += 1) await slider.press('ArrowRight')
        await expect(slider).not.toHaveValue('0')
        return slider
      },
    ]),
  ),
  recording: async (page) => {
    await page.goto(`/chats/${talk.direct}`)
    await page.getByRole('button', { name: 'Record a voice message' }).click()
    const timer = page.getByRole('timer')
    await expect(timer).toHaveText('0:02')
    return timer
  },
  'talk files': async (page) => {
    await page.goto(`/chats/${talk.direct}?details=files`)
    return page.getByText('paint.txt').last()
  },
  'talk pins': async (page) => {
    await page.goto(`/chats/${talk.direct}?details=pins`)
    return page.getByText('Nothing is pinned')
  },
  silent: async (page) => {
    await page.goto(`/chats/${talk.silent}?details=files`)
    return page.getByText('No files yet')
  },
  'list waits': async (page) => {
    await silence(page, 'sync')
    await page.goto('/chats')
    return page.getByRole('main').locator('.skeleton').first()
  },
  'talk waits': async (page) => {
    await silence(page, `conversations/${talk.direct}/`)
    await page.goto(`/chats/${talk.direct}?details=files`)
    return page.getByRole('main').locator('.skeleton').last()
  },
  'list fails': async (page) => {
    await refuse(page, 'sync')
    await page.goto('/chats')
    return page.getByRole('button', { name: 'Try again' }).first()
  },
  'talk fails': async (page) => {
    await refuse(page, `conversations/${talk.direct}/`)
    await page.goto(`/chats/${talk.direct}?details=files`)
    return page.getByRole('button', { name: 'Try again' }).first()
  },
  'nothing unread': async (page) => {
    await page.goto('/chats')
    await page.getByRole('button', { name: 'Archived' }).click()
    return page.getByRole('button', { name: 'Show all chats' })
  },
  'people found': async (page) => {
    await page.goto('/people')
    await page.getByLabel('Find people').fill('gracehop')
    return page.getByRole('button', { name: /^Chat with/ }).first()
  },
  'end of the account': async (page) => {
    await page.goto('/settings/account')
    await page.getByRole('button', { name: 'Delete account' }).click()
    return page.getByRole('dialog').getByLabel('Your username')
  },
  'focus in the list': async (page) => {
    await page.goto('/chats')
    const row = page.getByRole('link', { name: /^Grace Hopper/ })
    await row.focus()
    await page.keyboard.press('ArrowDown')
    return row
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
      await page.goto('/login')
      await fillWhenReady(page, 'Username', 'nobody')
      await page.getByLabel('Password', { exact: true }).fill('not this one')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page.getByRole('alert')).toBeVisible()
      await picture(page, named('refused'))
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

    test(`states: ${scheme}, ${size}`, async ({ browser }) => {
      for (const [name, reach] of Object.entries(STATES)) {
        await test.step(name, async () => {
          // With nothing kept yet, each.
          const context = await enter(browser)
          const page = await context.newPage()
          await expect(await reach(page)).toBeVisible()
          await picture(page, named(name))
          await page.unrouteAll({ behavior: 'ignoreErrors' })
          await context.close()
        })
      }
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
