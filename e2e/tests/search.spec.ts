import { bubble, composer, newPerson, openChat, say } from '../person'
import { SIZES } from '../places'
import { expect, test } from '../test'

test('a conversation is searched, and a hit leads to its message', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'the zeppelin <b>lands</b> at nine')
  await say(ada, 'nothing to see here')

  await page.keyboard.press('Control+f')
  const panel = page.getByRole('complementary', { name: 'Search messages' })
  const field = panel.getByRole('searchbox', { name: 'Search in this chat' })
  await expect(field).toBeFocused()
  await field.fill('zeppelin')
  const hit = panel.getByRole('button', { name: /zeppelin <b>lands/ })
  await expect(hit.locator('mark')).toHaveText('zeppelin')

  await field.press('ArrowDown')
  await expect(hit).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(bubble(page, 'the zeppelin')).toHaveClass(/animate-flash/)
  await expect(panel).toBeVisible()

  await field.fill('submarine')
  await expect(panel).toContainText('Nothing found')
  await page.keyboard.press('Escape')
  await expect(panel).toHaveCount(0)
})

test('filters narrow a search, and stay in the address', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'carrots from Ada')
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await composer(bob.page).fill('carrots from Bob')
  await composer(bob.page).press('Enter')
  await expect(bubble(page, 'carrots from Bob')).toBeVisible()

  await page.keyboard.press('Control+f')
  const panel = page.getByRole('complementary', { name: 'Search messages' })
  await panel.getByRole('searchbox').fill('carrots')
  await expect(panel.getByRole('button', { name: /carrots from/ })).toHaveCount(2)
  await panel.getByRole('button', { name: 'Filters' }).click()
  await panel.getByLabel('From', { exact: true }).click()
  await page.getByRole('option', { name: 'Bob' }).click()
  await expect(panel.getByRole('button', { name: /carrots from/ })).toHaveCount(1)
  await expect(page).toHaveURL(/q=carrots.*from=|from=.*q=carrots/)

  await page.reload()
  await expect(panel.getByRole('button', { name: /carrots from Bob/ })).toBeVisible()
  await panel.getByLabel('With a file').check()
  await expect(panel).toContainText('fewer filters')
})

test('all chats are searched from the palette; back leads to what was found', async ({
  browser,
}) => {
  const ada = await newPerson(browser, 'Ada', { viewport: SIZES.phone })
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'where is the marmalade')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('textbox').fill('marmalade')
  await page.getByRole('option', { name: 'Search messages for “marmalade”' }).click()
  await expect(page).toHaveURL(/\/chats\/search\?q=marmalade/)
  await page.getByRole('button', { name: /where is the marmalade/ }).click()
  await expect(bubble(page, 'marmalade')).toHaveClass(/animate-flash/)
  await page.goBack()
  await expect(page.getByRole('button', { name: /where is the marmalade/ })).toBeVisible()
})
