import { expect, test } from '../test'
import type { Page } from '@playwright/test'
import { clientOf } from '../api'
import { bubble, composer, newPerson, openChat, pairIn, say, tick } from '../person'
import { keepApart } from '../servers'

/** How much this browser still wants to send. */
const outbox = (page: Page) =>
  page.evaluate(async () => {
    const [{ name = '' } = {}] = await indexedDB.databases()
    const opening = indexedDB.open(name)
    const db = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result)
    })
    const count = db.transaction('outbox').objectStore('outbox').count()
    return await new Promise<number>((resolve) => {
      count.onsuccess = () => {
        db.close()
        resolve(count.result)
      }
    })
  })

test('two people talk over two servers: ticks, typing, presence, unread', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada Lovelace')
  const bob = await newPerson(browser, 'Bob Marsh')
  await openChat(ada, bob)
  await keepApart(ada, bob)
  await say(ada, 'Hello **Bob**', 'Hello Bob')
  await expect(bubble(ada.page, 'Hello Bob').locator('strong')).toHaveText('Bob')

  // Bob's browser has it, but he does not look: delivered, and unread in his list.
  await tick(ada, 'Hello Bob', 'delivered')
  const row = bob.page.getByRole('link', { name: /Ada Lovelace/ })
  await expect(row).toContainText('1 unread message')
  await expect(bob.page).toHaveTitle(/^\(1\)/)

  await row.click()
  await tick(ada, 'Hello Bob', 'read')
  await expect(bob.page).not.toHaveTitle(/^\(1\)/)

  await composer(bob.page).pressSequentially('Hi')
  await expect(
    ada.page.getByRole('main').getByRole('button', { name: /^Bob Marsh/ }),
  ).toContainText('typing')
  await composer(bob.page).press('Enter')
  await expect(bubble(ada.page, 'Hi')).toBeVisible()
  await expect(
    ada.page.locator('[aria-live="polite"]', { hasText: 'Bob Marsh: Hi' }),
  ).toBeAttached()
  const header = ada.page.getByRole('main').getByRole('button', { name: /^Bob Marsh/ })
  await expect(header).toContainText('Online')
  expect(ada.server()).not.toBe(bob.server())
})

test('what is written offline waits, and is sent once and in order', async ({
  browser,
  faults,
}) => {
  faults.allow(/ERR_INTERNET_DISCONNECTED/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'before')
  await tick(ada, 'before', 'delivered')

  await ada.page.context().setOffline(true)
  for (const text of ['first', 'second', 'third']) await say(ada, text)
  await tick(ada, 'third', 'sending')
  await expect(ada.page.getByText(/^Offline: messages wait here/)).toBeVisible()

  await ada.page.context().setOffline(false)
  await tick(ada, 'third', 'delivered')
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await expect(bob.page.getByRole('article')).toHaveCount(4)
  await expect(bob.page.getByRole('article')).toContainText(['before', 'first', 'second', 'third'])
})

test('a message that the server took, and never said so, is there once after a reload', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const taken = Promise.withResolvers<void>()
  await ada.page.route('**/v1/conversations/*/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    taken.resolve()
  })
  await composer(ada.page).fill('Will this survive?')
  await composer(ada.page).press('Enter')
  await taken.promise
  await ada.page.unrouteAll({ behavior: 'ignoreErrors' })
  await ada.page.reload()
  await tick(ada, 'Will this survive?', 'read')
  for (const { page } of [ada, bob]) await expect(bubble(page, 'Will this survive?')).toHaveCount(1)
  // Once it is confirmed, it is sent no more.
  await expect.poll(() => outbox(ada.page)).toBe(0)

  const id = new URL(ada.page.url()).pathname.split('/').at(-1)
  const { items } = await (
    await clientOf(bob)
  ).ask<{ items: { body: string }[] }>('GET', `/conversations/${id}/messages`)
  expect(items.map(({ body }) => body)).toEqual(['hello', 'Will this survive?'])
})

test('a message is on the screen in the frame after Enter', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'hello')
  const { page } = ada
  // Whatever the server does.
  await page.route('**/v1/conversations/*/messages', (route) =>
    route.request().method() === 'POST' ? undefined : route.continue(),
  )
  await composer(page).fill('quick as a hare')
  const shown = page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const look = () =>
          resolve(
            [...document.querySelectorAll<HTMLElement>('article')]
              .filter((element) => element.checkVisibility() && element.offsetHeight > 0)
              .map((element) => element.innerText),
          )
        // What there is when the next frame begins is what the one after Enter has shown.
        const next = () => requestAnimationFrame(() => requestAnimationFrame(look))
        addEventListener('keydown', next, { once: true })
      }),
  )
  await composer(page).press('Enter')
  expect((await shown).at(-1)).toContain('quick as a hare')
  await tick(ada, 'quick as a hare', 'sending')
})

test('what may not be sent says why, is tried again, or is deleted', async ({
  browser,
  faults,
}) => {
  faults.allow(/status of 403/)
  const [ada, bob] = await pairIn(browser, 'hello')
  const bobs = await clientOf(bob)
  const { id } = await clientOf(ada)
  await bobs.ask('PUT', `/blocks/${id}`)
  for (const text of ['please', 'forget this']) {
    await say(ada, text)
    await expect(bubble(ada.page, text).getByRole('alert')).toContainText(
      'You cannot write to each other.',
    )
  }
  await bubble(ada.page, 'forget this').getByRole('button', { name: 'Delete' }).click()
  await expect(bubble(ada.page, 'forget this')).toHaveCount(0)

  // A reload forgets neither that it failed nor why.
  await ada.page.reload()
  await expect(bubble(ada.page, 'please').getByRole('alert')).toContainText('each other')
  await bobs.ask('DELETE', `/blocks/${id}`)
  await bubble(ada.page, 'please').getByRole('button', { name: 'Try again' }).click()
  await expect(bubble(bob.page, 'please')).toBeVisible()
  await tick(ada, 'please', 'read')
  await expect(bubble(bob.page, 'forget this')).toHaveCount(0)
})

test('a draft is kept, and shown in the list', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'Hello')
  await composer(ada.page).fill('half a thou')
  await ada.page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: 'Chats' })
    .click()
  await expect(ada.page.getByRole('link', { name: /^Bob/ })).toContainText(/Draft:\s*half a thou/)
  await ada.page.getByRole('link', { name: /^Bob/ }).click()
  await expect(composer(ada.page)).toHaveValue('half a thou')
})
