import { expect, test } from '@playwright/test'
import { bubble, newPerson, say } from '../person'

test('a private group is made, and someone comes in by its link', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  await ada.page.getByRole('button', { name: 'New group' }).click()
  await ada.page.getByRole('textbox', { name: 'Name' }).fill('Burrow Builders')
  await ada.page.getByRole('button', { name: 'Create group' }).click()
  await expect(ada.page).toHaveURL(/\/groups\/[^/]+\/[^/]+$/)
  await say(ada, 'Is anybody here?')

  await ada.page
    .getByRole('button', { name: 'Actions for Burrow Builders', exact: true })
    .first()
    .click()
  await ada.page.getByRole('menuitem', { name: 'Invite people' }).click()
  await ada.page.getByRole('button', { name: 'Create', exact: true }).click()
  const code = await ada.page.locator('code').first().innerText()

  const bob = await newPerson(browser, 'Bob')
  await bob.page.goto(`/invite/${code}`)
  await expect(bob.page.getByRole('heading', { name: 'Burrow Builders' })).toBeVisible()
  await bob.page.getByRole('button', { name: 'Accept invitation' }).click()
  await expect(bubble(bob.page, 'Is anybody here?')).toBeVisible()
  await say(bob, 'I am')

  await ada.page.goBack()
  await expect(bubble(ada.page, 'I am')).toBeVisible()
  expect(ada.faults.filter((fault) => !fault.includes('clipboard'))).toEqual([])
  expect(bob.faults).toEqual([])
})

test('an invitation that is none says so', async ({ page }) => {
  await page.goto('/invite/nosuchcode')
  await expect(page.getByRole('heading', { name: 'There is no such invitation' })).toBeVisible()
})
