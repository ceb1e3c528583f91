// Links in messages that lead into this very Warren.
import { clientOf } from '../api'
import { expectAccessible } from '../axe'
import { baseURL } from '../browser'
import { bubble, pairIn, say } from '../person'
import { expect, test } from '../test'

test('an invitation is a card, and the way into the group', async ({ browser, faults }) => {
  // An invitation that has ended is asked about, too.
  faults.allow(/status of 410/)
  const [ada, bob] = await pairIn(browser, 'come with me')
  const { ask } = await clientOf(ada)
  const group = await ask<{ id: string }>('POST', '/groups', {
    name: 'Burrow Builders',
    visibility: 'private',
  })
  const invite = () => ask<{ code: string }>('POST', `/groups/${group.id}/invites`, {})
  const [good, ended] = [await invite(), await invite()]
  await ask('DELETE', `/invites/${ended.code}`)

  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await bob.page.route('**/v1/invites/*', async (route) => {
    await held
    await route.continue()
  })
  await say(ada, `here: ${baseURL}/invite/${good.code}`)
  await say(ada, `not here: ${baseURL}/invite/${ended.code}`)
  const [message, other] = [bubble(bob.page, 'here: ').first(), bubble(bob.page, 'not here: ')]
  const card = message.locator('[data-inside]')
  await expect(card).toBeVisible()
  const before = await message.boundingBox()
  release()
  await expect(card).toContainText('Burrow Builders')
  await expect(card).toContainText('1 member')
  await expect(other.locator('[data-inside]')).toHaveText('This invitation has ended')
  expect(await message.boundingBox()).toEqual(before)
  await expectAccessible(bob.page)

  await card.click()
  await bob.page.getByRole('button', { name: 'Accept invitation' }).click()
  await expect(bob.page).toHaveURL(new RegExp(`/groups/${group.id}`))
  await bob.page.getByRole('link', { name: 'Chats', exact: true }).first().click()
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await expect(card).toContainText('Open')
  expect(bob.page.context().pages()).toHaveLength(1)
})

test('a link to a message shows what it says, and leads there', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'the plan: tea at four')
  const id = new URL(ada.page.url()).pathname.split('/').at(-1)
  await say(ada, `remember ${baseURL}/chats/${id}?at=1`, 'remember')
  const card = bubble(bob.page, 'remember').locator('[data-inside]')
  await expect(card).toContainText('Ada')
  await expect(card).toContainText('the plan: tea at four')
  await card.click()
  const plan = bob.page.locator('article[data-seq="1"]')
  await expect(plan).toHaveClass(/animate-flash/)
  await expect(bob.page).toHaveURL(new RegExp(`/chats/${id}$`))
  expect(bob.page.context().pages()).toHaveLength(1)
})
