import { expect, test } from '@playwright/test'
import { bubble, composer, newPerson, openChat, say, type Person } from '../person'

const tick = (person: Person, text: string, state: string) =>
  expect(bubble(person.page, text).locator('[data-state]')).toHaveAttribute('data-state', state)

test('two people talk: ticks, typing, presence, unread', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada Lovelace')
  const bob = await newPerson(browser, 'Bob Marsh')
  await openChat(ada, bob)
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

  expect(ada.faults).toEqual([])
  expect(bob.faults).toEqual([])
})

test('what is written offline waits, and is sent once and in order', async ({ browser }) => {
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

test('a message survives a reload in the middle of its sending', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  // The answer never comes: whether it was taken is unknown.
  await ada.page.route('**/v1/conversations/*/messages', (route) =>
    route.request().method() === 'POST' ? undefined : route.continue(),
  )
  await say(ada, 'Will this survive?')
  await tick(ada, 'Will this survive?', 'sending')
  await ada.page.unrouteAll({ behavior: 'ignoreErrors' })
  await ada.page.reload()
  await tick(ada, 'Will this survive?', 'delivered')
  await expect(bubble(ada.page, 'Will this survive?')).toHaveCount(1)
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
