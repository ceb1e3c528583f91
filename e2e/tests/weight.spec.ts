// What a browser has to load before a page can be used. It grows with every feature, and nobody sees
// it: so a limit has to be raised by hand, with a reason.
import type { Page, Request } from '@playwright/test'
import { gzipSync } from 'node:zlib'
import { newPerson, openChat, say } from '../person'
import { expect, test } from '../test'

/**
 * The scripts that the page asks for until `usable` holds, in bytes as gzip makes them. Not those
 * that it fetches ahead when it has nothing to do: here it is never idle, so that no machine counts
 * what another leaves out.
 */
async function weigh(page: Page, visit: () => Promise<unknown>, usable: () => boolean) {
  await page.addInitScript(() => {
    window.requestIdleCallback = () => 0
  })
  const scripts = new Set<string>()
  const note = (request: Request) => {
    if (/\.js$/.test(new URL(request.url()).pathname)) scripts.add(request.url())
  }
  page.on('request', note)
  await visit()
  await page.waitForFunction(usable, undefined, { polling: 'raf' })
  page.off('request', note)
  expect(scripts.size).toBeGreaterThan(3)
  let bytes = 0
  for (const url of scripts) bytes += gzipSync(await (await page.request.get(url)).body()).length
  return bytes
}

const kilobytes = (bytes: number) => Math.ceil(bytes / 1000)

const PUBLIC = { '/': 90, '/login': 88 }

for (const [path, limit] of Object.entries(PUBLIC)) {
  test(`${path} needs at most ${limit} kB of scripts`, async ({ page }) => {
    const bytes = await weigh(
      page,
      () => page.goto(path, { waitUntil: 'commit' }),
      // It is there once the page lives.
      () => document.querySelector('button[aria-label*="theme"]') !== null,
    )
    console.log(`${path}: ${kilobytes(bytes)} kB`)
    expect(kilobytes(bytes)).toBeLessThanOrEqual(limit)
  })
}

// One more than before voice messages, shared files and cards of links, which begin in the shell.
const CHAT_LIMIT = 148

test(`an open chat needs at most ${CHAT_LIMIT} kB of scripts`, async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'hello')
  const bytes = await weigh(
    ada.page,
    () => ada.page.reload({ waitUntil: 'commit' }),
    () => document.querySelector('article') !== null && document.querySelector('textarea') !== null,
  )
  console.log(`chat: ${kilobytes(bytes)} kB`)
  expect(kilobytes(bytes)).toBeLessThanOrEqual(CHAT_LIMIT)
})
