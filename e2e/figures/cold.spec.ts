// A chat that was read here before, in a browser that has just started.
import { expect, test, type BrowserContext } from '@playwright/test'
import { bubble, newPerson, openChat, say, type Person } from '../person'
import { inProfile, newPersonIn } from '../profile'

const STARTS = 5
const MESSAGES = 40
const COLD_OPEN_MS = 1500

test('a kept chat after a start, with a network and without', async ({ browser }) => {
  await inProfile(async ({ start }) => {
    const path = await keep(await start(), await newPerson(browser, 'Bob'))
    for (const offline of [false, true]) {
      const opened: number[] = []
      for (let n = 0; n < STARTS; n += 1) {
        const context = await start({ offline })
        opened.push(await open(context, path))
        await context.close()
      }
      opened.sort((a, b) => a - b)
      const [median, slowest] = [opened[Math.floor(STARTS / 2)] ?? NaN, opened.at(-1) ?? NaN]
      console.log(
        `a kept chat after a start ${offline ? 'without' : 'with'} a network: ` +
          `median ${Math.round(median)} ms, slowest ${Math.round(slowest)} ms`,
      )
      expect(median).toBeLessThanOrEqual(COLD_OPEN_MS)
    }
  })
})

/** Somebody reads a chat, and closes the browser. Where it was. */
async function keep(context: BrowserContext, bob: Person) {
  const ada = await newPersonIn(context, 'Ada')
  const { page } = ada
  await openChat(ada, bob)
  for (let n = 1; n <= MESSAGES; n += 1) await say(ada, `line ${n}.`)
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
