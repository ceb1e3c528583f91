import { expect, test } from '../test'
import { clientOf } from '../api'
import { bubble, composer, newPerson, say, type Person } from '../person'

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
})

test('an invitation that is none says so', async ({ page, faults }) => {
  faults.allow(/status of 404/)
  await page.goto('/invite/nosuchcode')
  await expect(page.getByRole('heading', { name: 'There is no such invitation' })).toBeVisible()
})

/** A public group of somebody's, made through the API. */
async function publicGroup(owner: Person, name: string): Promise<string> {
  const { ask } = await clientOf(owner)
  const { id } = await ask<{ id: string }>('POST', '/groups', { name, visibility: 'public' })
  return id
}

/** What an admin does about a member. */
async function manage({ page }: Person, name: string, action: string) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

test('a public group is found, joined and left', async ({ browser, faults }) => {
  // The channel that was open is asked for once more.
  faults.allow(/status of 404/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const name = `Diggers ${ada.username}`
  await publicGroup(ada, name)
  const { page } = bob
  await page.goto('/discover')
  await page.getByRole('searchbox', { name: 'Search groups' }).fill(ada.username)
  await page
    .getByRole('listitem')
    .filter({ hasText: name })
    .getByRole('button', { name: 'Join' })
    .click()
  await expect(page).toHaveURL(/\/groups\//)
  await page
    .getByRole('navigation', { name: 'Channels' })
    .getByRole('link', { name: 'general' })
    .click()
  await say(bob, 'I am in')

  await page
    .getByRole('button', { name: `Actions for ${name}`, exact: true })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Leave group' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Leave group' }).click()
  await expect(page).toHaveURL(/\/chats$/)
  await expect(page.getByRole('link', { name: new RegExp(`^${name}`) })).toHaveCount(0)
})

test('an owner gives and takes roles, removes, and bans', async ({ browser, faults }) => {
  // What is asked of a group that one is no longer in.
  faults.allow(/status of 40[34]/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const group = await publicGroup(ada, 'Burrow')
  const { ask } = await clientOf(bob)
  await ask('POST', `/groups/${group}/join`)
  await ada.page.goto(`/groups/${group}/manage?tab=members`)
  const member = ada.page.getByRole('listitem').filter({ hasText: bob.username })

  await bob.page.goto(`/groups/${group}/manage`)
  await manage(ada, 'Bob', 'Make admin')
  await expect(member).toContainText('Admin')
  // Bob's page hears of it: what is an admin's is there.
  await expect(bob.page.getByRole('tab', { name: 'Invitations' })).toBeVisible()
  await manage(ada, 'Bob', 'Make member')
  await expect(member).not.toContainText('Admin')
  await expect(bob.page.getByRole('tab', { name: 'Invitations' })).toHaveCount(0)

  await bob.page.goto(`/groups/${group}`)
  await bob.page
    .getByRole('navigation', { name: 'Channels' })
    .getByRole('link', { name: 'general' })
    .click()
  await expect(composer(bob.page)).toBeVisible()
  await manage(ada, 'Bob', 'Remove from group')
  await expect(member).toHaveCount(0)
  await expect(bob.page.locator('#content').getByText('This chat is not here')).toBeVisible()

  await ask('POST', `/groups/${group}/join`)
  await bob.page.goto(`/groups/${group}/manage`)
  await expect(bob.page.getByRole('tab', { name: 'Members' })).toBeVisible()
  await manage(ada, 'Bob', 'Ban')
  await expect(member).toHaveCount(0)
  await expect(bob.page.locator('#content').getByText('This group is not here')).toBeVisible()
  await expect(ask('POST', `/groups/${group}/join`)).rejects.toThrow(/403.*banned/)
  await ada.page.goto(`/groups/${group}/manage?tab=bans`)
  await ada.page.getByRole('button', { name: 'Lift ban' }).click()
  await expect(ada.page.getByText('Nobody is banned')).toBeVisible()
  await ask('POST', `/groups/${group}/join`)
})

test('a new channel is there for everyone, a deleted invitation for nobody', async ({
  browser,
  faults,
}) => {
  faults.allow(/status of 410/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const group = await publicGroup(ada, 'Burrow')
  await (await clientOf(bob)).ask('POST', `/groups/${group}/join`)
  await bob.page.goto(`/groups/${group}`)
  const { page } = ada
  await page.goto(`/groups/${group}/manage?tab=channels`)
  await page.getByRole('button', { name: 'New channel' }).click()
  await page.getByLabel('Name', { exact: true }).fill('west tunnel')
  await page.getByRole('button', { name: 'Save' }).click()
  await bob.page.getByRole('link', { name: 'west tunnel' }).click()
  await say(bob, 'dusty here')

  await page.goto(`/groups/${group}/manage?tab=invites`)
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  const code = await page.locator('code').first().innerText()
  await page.getByRole('button', { name: 'Delete invitation' }).click()
  await expect(page.locator('code')).toHaveCount(0)
  const cleo = await newPerson(browser, 'Cleo')
  await cleo.page.goto(`/invite/${code}`)
  await expect(cleo.page.getByRole('heading', { name: 'This invitation has ended' })).toBeVisible()
})
