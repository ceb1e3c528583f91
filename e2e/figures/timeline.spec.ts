// The timeline of a long conversation: frames, nodes, the place that stays.
import { expect, test, type Page } from '@playwright/test'
import { makeDemo } from '../demo'
import { writeHistory } from '../history'
import { bubble, newPerson, openChat, say } from '../person'
import { expectLoaded } from '../places'

const MESSAGES = 100_000
const SCREENS = 60
/** A frame at 60 a second, and a quarter for the clock's own grain. */
const FRAME_MS = 1000 / 60
const NODES_MAX = 5000
const ANCHOR_PX = 2
const CACHED_OPEN_MS = 100
const SHIFT_MAX = 0.02
/** Fewer, and the scrolling met no border between two loads. */
const LOADS_MIN = 3
/** Of the slowest in twenty. */
const P95_MS = 34
/** Frames that come two frames late or later, of all. */
const LATE_SHARE = 0.02

const round = (value: number) => Math.round(value * 10) / 10
const idOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? ''

test(`a conversation of ${MESSAGES} messages`, async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'the first of many')
  await writeHistory(idOf(page), MESSAGES - 1)
  await page.reload()
  await expect(bubble(page, `Message ${MESSAGES - 1}`)).toBeVisible()

  const found = await page.getByTestId('timeline').evaluate(async (scroller, screens) => {
    const frames: number[] = []
    const jumps: number[] = []
    let nodes = 0
    let loads = 0
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
    // What a page that has just opened still does is not of the scrolling.
    for (let still = 0; still < 30; still += 1) await frame()
    let last = await frame()
    for (let step = 0; step < screens * 10; step += 1) {
      const top = scroller.getBoundingClientRect().top
      const anchor = [...scroller.querySelectorAll<HTMLElement>('[data-message]')].find(
        (row) => row.getBoundingClientRect().bottom > top,
      )
      const at = anchor?.getBoundingClientRect().top ?? 0
      const height = scroller.scrollHeight
      scroller.scrollTop -= scroller.clientHeight / 10
      const moved = scroller.clientHeight / 10
      const now = await frame()
      frames.push(now - last)
      last = now
      // Where the row is that was at the top, beside where the scrolling alone has brought it.
      if (anchor?.isConnected && scroller.scrollTop > 0) {
        jumps.push(Math.abs(anchor.getBoundingClientRect().top - at - moved))
      }
      // A page of older messages makes the whole higher by many rows at once.
      if (scroller.scrollHeight - height > scroller.clientHeight) loads += 1
      nodes = Math.max(nodes, document.querySelectorAll('*').length)
    }
    frames.sort((a, b) => a - b)
    jumps.sort((a, b) => a - b)
    const share = (list: number[], part: number) => list[Math.floor((list.length - 1) * part)] ?? 0
    return {
      frames: frames.length,
      median: share(frames, 0.5),
      p95: share(frames, 0.95),
      late: frames.filter((ms) => ms > 34).length,
      nodes,
      loads,
      jump: share(jumps, 1),
    }
  }, SCREENS)
  console.log(
    `scrolling ${found.frames} frames: median ${round(found.median)} ms, p95 ${round(found.p95)} ms, ` +
      `${found.late} later than two frames; ${found.loads} loads; at most ${found.nodes} nodes; the anchor moved by at most ${round(found.jump)} px`,
  )
  expect(found.loads).toBeGreaterThanOrEqual(LOADS_MIN)
  expect(found.median).toBeLessThanOrEqual(FRAME_MS * 1.25)
  expect(found.p95).toBeLessThanOrEqual(P95_MS)
  expect(found.late / found.frames).toBeLessThanOrEqual(LATE_SHARE)
  expect(found.nodes).toBeLessThanOrEqual(NODES_MAX)
  expect(found.jump).toBeLessThanOrEqual(ANCHOR_PX)
})

test('a chat that was open before', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const cleo = await newPerson(browser, 'Cleo')
  const { page } = ada
  await openChat(ada, bob)
  for (let n = 0; n < 20; n += 1) await say(ada, `to Bob ${n}.`)
  await openChat(ada, cleo)
  await say(ada, 'to Cleo')
  await page.getByRole('link', { name: /^Bob/ }).click()
  await expect(bubble(page, 'to Bob 19.')).toBeVisible()
  const opened: number[] = []
  for (let n = 0; n < 10; n += 1) {
    for (const [name, text] of [
      ['Cleo', 'to Cleo'],
      ['Bob', 'to Bob 19.'],
    ]) {
      opened.push(
        await page.getByRole('link', { name: new RegExp(`^${name}`) }).evaluate(
          (link: HTMLElement, wanted) =>
            new Promise<number>((resolve) => {
              const began = performance.now()
              const look = () => {
                const shown = [...document.querySelectorAll('main article')].some(
                  (row) =>
                    row.textContent.includes(wanted) &&
                    row.checkVisibility({ visibilityProperty: true }),
                )
                if (shown) resolve(performance.now() - began)
                else requestAnimationFrame(look)
              }
              link.click()
              requestAnimationFrame(look)
            }),
          text ?? '',
        ),
      )
    }
  }
  opened.sort((a, b) => a - b)
  const [median, slowest] = [opened[Math.floor(opened.length / 2)] ?? 0, opened.at(-1) ?? 0]
  console.log(`opening a cached chat: median ${round(median)} ms, slowest ${round(slowest)} ms`)
  expect(median).toBeLessThanOrEqual(CACHED_OPEN_MS)
})

test('pages that stand still while they load', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  for (let n = 0; n < 30; n += 1) await say(ada, `line ${n}.`)
  await page.addInitScript(() => {
    const shifts: number[] = []
    Object.assign(window, { shifts })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number
        hadRecentInput: boolean
      })[])
        if (!entry.hadRecentInput) shifts.push(entry.value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
  const { group, channel, invite } = await makeDemo()
  for (const path of [
    new URL(page.url()).pathname,
    '/chats',
    '/people',
    '/settings/profile',
    `/groups/${group}`,
    `/groups/${group}/${channel}`,
    '/',
    '/login',
    `/invite/${invite}`,
  ]) {
    await page.goto(path)
    await expectLoaded(page)
    // Two frames in which nothing is left to come: fonts are there, and what they moved has moved.
    await page.evaluate(async () => {
      await document.fonts.ready
      for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame)
    })
    const moved = await page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((sum, shift) => sum + shift, 0),
    )
    console.log(`${path.replace(/[0-9a-f-]{36}/, '…')}: layout shift ${moved.toFixed(4)}`)
    expect(moved).toBeLessThanOrEqual(SHIFT_MAX)
  }
})
