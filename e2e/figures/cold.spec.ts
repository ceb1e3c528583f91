// A chat that was read here before, in a browser that has just started.
import { chromium, expect, test, type BrowserContext } from '@playwright/test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchOptions } from '../browser'
import { bubble, freshUsername, newPerson, openChat, say, signedIn } from '../person'

const STARTS = 5
const MESSAGES = 40
const COLD_OPEN_MS = 1500

test('a kept chat after a start', async ({ browser }) => {
  const profile = await mkdtemp(join(tmpdir(), 'warren-profile-'))
  const start = () =>
    chromium.launchPersistentContext(profile, { ...launchOptions, serviceWorkers: 'allow' })
  try {
    const path = await keep(await start(), await newPerson(browser, 'Bob'))
    const opened: number[] = []
    for (let n = 0; n < STARTS; n += 1) {
      const context = await start()
      opened.push(await open(context, path))
      await context.close()
    }
    opened.sort((a, b) => a - b)
    const [median, slowest] = [opened[Math.floor(STARTS / 2)] ?? NaN, opened.at(-1) ?? NaN]
    console.log(
      `a kept chat after a start: median ${Math.round(median)} ms, slowest ${Math.round(slowest)} ms`,
    )
    expect(median).toBeLessThanOrEqual(COLD_OPEN_MS)
  } finally {
    await rm(profile, { recursive: true, force: true })
  }
})

/** Somebody reads a chat, and closes the browser. Where it was. */
async function keep(context: BrowserContext, bob: Awaited<ReturnType<typeof newPerson>>) {
  const ada = { name: 'Ada', username: freshUsername('Ada') }
  const { cookies, origins } = await signedIn('register', {
    username: ada.username,
    display_name: ada.name,
  })
  await context.addCookies(cookies)
  const page = await context.newPage()
  await page.goto('/login')
  await page.evaluate(
    (items) => items.forEach(({ name, value }) => localStorage.setItem(name, value)),
    origins.flatMap(({ localStorage }) => localStorage),
  )
  const person = { ...ada, page, server: () => null }
  await openChat(person, bob)
  for (let n = 1; n <= MESSAGES; n += 1) await say(person, `line ${n}.`)
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await context.close()
  return new URL(page.url()).pathname
}

/** From the beginning of the navigation to the first frame with the newest message, in ms. */
async function open(context: BrowserContext, path: string): Promise<number> {
  await context.addInitScript((wanted) => {
    const look = () => {
      const shown = [...document.querySelectorAll('main article')].some(
        (row) =>
          row.textContent.includes(wanted) && row.checkVisibility({ visibilityProperty: true }),
      )
      if (shown) Object.assign(window, { shownMs: performance.now() })
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, `line ${MESSAGES}.`)
  const page = await context.newPage()
  await page.goto(path)
  await expect(bubble(page, `line ${MESSAGES}.`)).toBeVisible()
  return await page.evaluate(() => (window as unknown as { shownMs: number }).shownMs)
}
