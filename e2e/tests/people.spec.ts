// Who somebody is to one: a name of one's own, friends, and those one does not want to hear from.
import type { Page } from '@playwright/test'
import { bubble, composer, newPerson, openChat, pairIn, say, type Person } from '../person'
import { expect, test } from '../test'

/** Does something about someone, found by their username. */
async function doAbout({ page }: Person, other: Person, action: string) {
  await page.goto('/people')
  await page.getByLabel('Find people').fill(other.username)
  await page.getByRole('button', { name: `Actions for ${other.name}` }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

const tab = (page: Page, name: string) => page.getByRole('tab', { name: new RegExp(`^${name}`) })

test('a contact has the name that one gives them, and nobody else sees it', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  await page.getByRole('main').getByRole('button', { name: /^Bob/ }).first().click()
  const details = page.getByRole('complementary', { name: 'Details' })
  await details.getByRole('button', { name: 'Add to contacts' }).click()
  await details.getByLabel('Alias').fill('Robert the digger')
  await details.getByLabel('Alias').press('Enter')
  await expect(page.getByRole('link', { name: /^Robert the digger/ })).toBeVisible()
  await expect(composer(page)).toHaveAccessibleName('Message to Robert the digger')
  await page.reload()
  await expect(page.getByRole('link', { name: /^Robert the digger/ })).toBeVisible()
  await expect(bob.page.getByText('Robert the digger')).toHaveCount(0)

  await page.goto('/people')
  await expect(page.getByRole('listitem').filter({ hasText: bob.username })).toContainText(
    'Robert the digger',
  )

  // Whom one writes to is chosen anywhere in their row.
  await page.goto('/chats')
  await page.getByRole('button', { name: 'New chat' }).click()
  const person = page.getByRole('dialog').getByRole('listitem').filter({ hasText: bob.username })
  await expect(person.getByRole('button')).toHaveCount(1)
  await person.click({ position: { x: 100, y: 20 } })
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(composer(page)).toHaveAccessibleName('Message to Robert the digger')
})

test('friends are asked, and may say no', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await bob.page.goto('/people?tab=requests')
  await expect(bob.page.getByText('No open requests')).toBeVisible()
  await doAbout(ada, bob, 'Send a friend request')
  // It is there without a reload, and counted.
  await expect(tab(bob.page, 'Requests')).toContainText('1')
  await bob.page.getByRole('button', { name: 'Decline' }).click()
  await expect(bob.page.getByText('No open requests')).toBeVisible()
  await ada.page.goto('/people?tab=requests')
  await expect(ada.page.getByText('No open requests')).toBeVisible()

  await doAbout(bob, ada, 'Send a friend request')
  await ada.page.getByRole('button', { name: 'Accept' }).click()
  for (const [{ page }, other] of [
    [ada, bob],
    [bob, ada],
  ] as const) {
    await page.goto('/people?tab=friends')
    await expect(page.getByRole('listitem')).toContainText(other.username)
  }
})

test('who is blocked is not written to, and the composer says why', async ({ browser, faults }) => {
  faults.allow(/status of 403/)
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  const chat = page.url()
  await doAbout(ada, bob, 'Block')
  await page.goto(chat)
  await expect(page.getByText('You have blocked Bob.')).toBeVisible()
  await expect(composer(page)).toHaveCount(0)
  await composer(bob.page).fill('hear me')
  await composer(bob.page).press('Enter')
  await expect(bubble(bob.page, 'hear me')).toContainText('You cannot write to each other.')

  await page.getByRole('button', { name: 'Unblock' }).click()
  await say(ada, 'peace')
  await expect(bubble(bob.page, 'peace')).toBeVisible()
  await expect(bubble(page, 'hear me')).toHaveCount(0)
})

test('who is blocked is listed, and is let go from there', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await doAbout(ada, bob, 'Block')
  await ada.page.goto('/people?tab=blocked')
  await ada.page.getByRole('button', { name: 'Unblock' }).click()
  await expect(ada.page.getByText('Nobody is blocked')).toBeVisible()
})
