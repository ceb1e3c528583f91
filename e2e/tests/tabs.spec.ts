// One person in two windows of one browser.
import type { Page } from '@playwright/test'
import { bubble, composer, newPerson, openChat, pairIn, say, tick } from '../person'
import { expect, test } from '../test'

/** How many sockets a page holds, from now on. */
function countSockets(page: Page): () => number {
  let open = 0
  page.on('websocket', (socket) => {
    open += 1
    socket.on('close', () => (open -= 1))
  })
  return () => open
}

test('two windows share one socket, and the second takes it over', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const first = ada.page
  const ofFirst = countSockets(first)
  await first.reload()
  await expect.poll(ofFirst).toBe(1)
  const second = await first.context().newPage()
  const ofSecond = countSockets(second)
  await second.goto(first.url())
  await expect(bubble(second, 'hello')).toBeVisible()

  await say(bob, 'to both')
  for (const page of [first, second]) await expect(bubble(page, 'to both')).toBeVisible()
  await say({ ...ada, page: second }, 'from the second')
  await expect(bubble(first, 'from the second')).toBeVisible()
  await tick(ada, 'from the second', 'read')
  expect([ofFirst(), ofSecond()]).toEqual([1, 0])

  await first.close()
  await expect.poll(ofSecond).toBe(1)
  await say({ ...ada, page: second }, 'alone now')
  await tick({ ...ada, page: second }, 'alone now', 'read')
  await say(bob, 'still there?')
  await expect(bubble(second, 'still there?')).toBeVisible()
})

test('drafts and what waits offline are in both windows, and go out once', async ({
  browser,
  faults,
}) => {
  faults.allow(/ERR_INTERNET_DISCONNECTED/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'hello')
  const first = ada.page
  await composer(first).fill('half a thou')
  const second = await first.context().newPage()
  await second.goto(first.url())
  await expect(composer(second)).toHaveValue('half a thou')

  await first.context().setOffline(true)
  await say({ ...ada, page: second }, 'from the second')
  await tick(ada, 'from the second', 'sending')
  await say(ada, 'from the first')
  await tick({ ...ada, page: second }, 'from the first', 'sending')
  await first.context().setOffline(false)
  await tick({ ...ada, page: second }, 'from the first', 'delivered')
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await expect(bob.page.getByRole('article')).toHaveCount(3)
  await expect(bob.page.getByRole('article')).toContainText([
    'hello',
    'from the second',
    'from the first',
  ])
})

test('signing out in one window ends the other, and leaves nothing', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'hello')
  const first = ada.page
  const second = await first.context().newPage()
  await second.goto('/settings/account')
  await second.getByRole('button', { name: 'Sign out' }).click()
  for (const page of [first, second]) await expect(page).toHaveURL(/\/login$/)
  await expect
    .poll(() => first.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)))
    .toEqual([])
  const kept = await first.evaluate(() => Object.keys(localStorage))
  expect(kept.filter((key) => /user|last-words/.test(key))).toEqual([])
})
