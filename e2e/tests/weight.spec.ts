// What a browser has to load before a page can be used. It grows with every feature, and nobody sees
// it: so a limit has to be raised by hand, with a reason.
import type { Page, Request } from '@playwright/test'
import { gzipSync } from 'node:zlib'
import { composer, newPerson, openChat, say } from '../person'
import { expect, test } from '../test'

/** The scripts that the page has asked for, in bytes as gzip makes them; not those fetched ahead. */
async function weigh(page: Page, visit: () => Promise<void>): Promise<number> {
  const scripts = new Map<string, Request>()
  const note = (request: Request) => {
    if (/\.js$/.test(new URL(request.url()).pathname)) scripts.set(request.url(), request)
  }
  page.on('request', note)
  await visit()
  page.off('request', note)
  let bytes = 0
  for (const request of scripts.values()) {
    const { 'sec-purpose': purpose } = await request.allHeaders()
    if (purpose === 'prefetch') continue
    const answer = await page.request.get(request.url())
    bytes += gzipSync(await answer.body()).length
  }
  expect(scripts.size).toBeGreaterThan(3)
  return bytes
}

const kilobytes = (bytes: number) => Math.ceil(bytes / 1000)

const PUBLIC = { '/': 168, '/login': 172 }

for (const [path, limit] of Object.entries(PUBLIC)) {
  test(`${path} needs at most ${limit} kB of scripts`, async ({ page }) => {
    const bytes = await weigh(page, async () => {
      await page.goto(path)
      // It is there once the page lives.
      await expect(page.getByRole('button', { name: /theme/ })).toBeVisible()
    })
    console.log(`${path}: ${kilobytes(bytes)} kB`)
    expect(kilobytes(bytes)).toBeLessThanOrEqual(limit)
  })
}

const CHAT_LIMIT = 210

test(`an open chat needs at most ${CHAT_LIMIT} kB of scripts`, async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'hello')
  const bytes = await weigh(ada.page, async () => {
    await ada.page.reload()
    await expect(composer(ada.page)).toBeEditable()
    await expect(ada.page.getByRole('article')).toHaveCount(1)
  })
  console.log(`chat: ${kilobytes(bytes)} kB`)
  expect(kilobytes(bytes)).toBeLessThanOrEqual(CHAT_LIMIT)
})
