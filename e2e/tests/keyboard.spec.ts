import { expect, test } from '@playwright/test'
import { bubble, composer, newPerson, openChat, say } from '../person'

test('a conversation needs no mouse', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const cleo = await newPerson(browser, 'Cleo')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'to Bob')
  await openChat(ada, cleo)
  await say(ada, 'to Cleo')

  await page.keyboard.press('Alt+ArrowDown')
  await expect(bubble(page, 'to Bob')).toBeVisible()
  await page.keyboard.press('Alt+ArrowUp')
  await expect(bubble(page, 'to Cleo')).toBeVisible()

  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('textbox').fill('Bob')
  await expect(page.getByRole('option', { name: /Bob/ }).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(bubble(page, 'to Bob')).toBeVisible()
  await expect(composer(page)).toBeFocused()

  await composer(page).fill('one')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('two')
  await page.keyboard.press('Enter')
  await expect(bubble(page, 'one')).toContainText('two')

  await page.keyboard.press('Control+/')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})
