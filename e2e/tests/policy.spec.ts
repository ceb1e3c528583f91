// The policy of each page is strict, and nothing that the client does is against it: a browser says
// in its console what it has blocked, and that fails any test.
import { bubble, composer, newPerson, openChat, say } from '../person'
import { expect, test } from '../test'

test('no script and no style runs that the page does not vouch for', async ({ page, faults }) => {
  faults.allow(/Content Security Policy/)
  const answer = await page.goto('/login')
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']{20,}';/)
  expect(policy).toMatch(/style-src 'self' 'nonce-[^']{20,}';/)
  await expect(page.getByRole('button', { name: /theme/ })).toBeVisible()
  const foreign = await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "taken over"'
    const style = document.createElement('style')
    style.textContent = 'body { display: none }'
    document.head.append(script, style)
    return { title: document.title, display: getComputedStyle(document.body).display }
  })
  expect(foreign.title).not.toBe('taken over')
  expect(foreign.display).not.toBe('none')
})

test('menus, dialogs, notices and the emoji picker keep to the policy', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'hello')

  await bubble(page, 'hello').click({ button: 'right' })
  await expect(page.getByRole('menu')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toHaveCount(0)

  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  // Its own styles are what gives the picker its size.
  await page.locator('emoji-picker').getByRole('menuitem').first().click()
  await expect(composer(page)).not.toHaveValue('')

  await page.getByRole('link', { name: /^Bob/ }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Archive' }).click()
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
})
