// The list of chats, and what one does with a whole conversation.
import {
  bubble,
  freshUsername,
  newPerson,
  openChat,
  pairIn,
  say,
  signedIn,
  type Person,
} from '../person'
import { expect, test } from '../test'

const row = ({ page }: Person, name: string) =>
  page
    .getByRole('navigation', { name: 'Chats' })
    .getByRole('link', { name: new RegExp(`^${name}`) })

async function pick(person: Person, name: string, ...items: string[]) {
  await row(person, name).click({ button: 'right' })
  for (const item of items) await person.page.getByRole('menuitem', { name: item }).click()
}

test('a pinned chat stays first, and a muted one is quiet', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const cleo = await newPerson(browser, 'Cleo')
  for (const other of [bob, cleo]) {
    await openChat(other, ada)
    await say(other, `from ${other.name}`)
  }
  const { page } = ada
  await page.goto('/chats')
  const links = page.getByRole('navigation', { name: 'Chats' }).getByRole('link')
  await expect(links).toContainText(['Cleo', 'Bob'])
  await pick(ada, 'Bob', 'Pin')
  await expect(links).toContainText(['Bob', 'Cleo'])
  await say(cleo, 'newer')
  await expect(row(ada, 'Cleo')).toContainText('newer')
  await expect(links).toContainText(['Bob', 'Cleo'])

  await expect(page).toHaveTitle(/^\(3\)/)
  await pick(ada, 'Cleo', 'Mute', 'Until I change it')
  await expect(row(ada, 'Cleo')).toContainText('Muted')
  await expect(page).toHaveTitle(/^\(1\)/)
  await page.reload()
  await expect(links).toContainText(['Bob', 'Cleo'])
  await expect(row(ada, 'Cleo')).toContainText('Muted')
  await pick(ada, 'Cleo', 'Unmute')
  await expect(page).toHaveTitle(/^\(3\)/)
})

test('a chat goes to the archive, and comes back', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'hello')
  const { page } = ada
  await pick(ada, 'Bob', 'Archive')
  await expect(row(ada, 'Bob')).toHaveCount(0)
  await page.getByRole('button', { name: 'Archived' }).click()
  await pick(ada, 'Bob', 'Move out of the archive')
  await expect(page.getByText('The archive is empty')).toBeVisible()
  await page.getByRole('button', { name: 'All', exact: true }).click()
  await expect(row(ada, 'Bob')).toBeVisible()
})

for (const [locale, label] of [
  ['en-GB', 'Show'],
  ['de-DE', 'Anzeigen'],
] as const) {
  test(`the filters of the list are one line: ${locale}`, async ({ browser }) => {
    const who = { username: freshUsername('Ada'), display_name: 'Ada' }
    const storageState = await signedIn('register', who)
    const page = await (await browser.newContext({ locale, storageState })).newPage()
    await page.goto('/chats')
    const filters = page.getByRole('group', { name: label }).getByRole('button')
    await expect(filters).toHaveCount(5)
    const boxes = await filters.evaluateAll((all) =>
      all.map((one) => one.getBoundingClientRect().y),
    )
    expect(new Set(boxes).size, 'lines').toBe(1)
  })
}

test('clearing and deleting are for oneself alone; a new message brings a chat back', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  await pick(ada, 'Bob', 'Clear messages')
  await page.getByRole('dialog').getByRole('button', { name: 'Clear messages' }).click()
  await expect(bubble(page, 'hello')).toHaveCount(0)
  await expect(bubble(bob.page, 'hello')).toBeVisible()

  await pick(ada, 'Bob', 'Delete chat')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete chat' }).click()
  await expect(page).toHaveURL(/\/chats$/)
  await expect(page.getByText('No conversation yet')).toBeVisible()
  await page.reload()
  await expect(page.getByText('No conversation yet')).toBeVisible()

  await say(bob, 'still here')
  await row(ada, 'Bob').click()
  await expect(bubble(page, 'still here')).toBeVisible()
  await expect(bubble(page, 'hello')).toHaveCount(0)
})
