import { expect, test } from '../test'
import { freshUsername, newPerson, PASSWORD, register, signIn } from '../person'

test('someone registers, stays signed in over a reload, and signs out', async ({ browser }) => {
  const page = await (await browser.newContext()).newPage()
  await register(page, 'Ada', freshUsername('Ada'))
  await expect(page.getByRole('heading', { name: 'Make yourself at home' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Make yourself at home' })).toBeVisible()

  await page.goto('/settings/account')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  await page.goto('/chats')
  await expect(page).toHaveURL(/\/login\?next=/)
})

test('a wrong password says so, and nothing else', async ({ browser, faults }) => {
  faults.allow(/status of 401/)
  const { page, username } = await newPerson(browser, 'Grace')
  const other = await (await browser.newContext()).newPage()
  await other.goto('/login')
  await expect(other.getByRole('button', { name: /theme/ })).toBeVisible()
  await other.getByLabel('Username').fill(username)
  await other.getByLabel('Password', { exact: true }).fill(`not ${PASSWORD}`)
  await other.getByRole('button', { name: 'Sign in' }).click()
  await expect(other.getByRole('alert')).toHaveText('The username or the password is wrong.')
  await expect(page).toHaveURL(/\/chats/)
})

test('a taken username is told at its field', async ({ browser, faults }) => {
  faults.allow(/status of 409/)
  const { username } = await newPerson(browser, 'Juno')
  const page = await (await browser.newContext()).newPage()
  await page.goto('/register')
  await expect(page.getByRole('button', { name: /theme/ })).toBeVisible()
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('This username is taken.')).toBeVisible()
})

test('a session that is ended elsewhere ends here too', async ({ browser, faults }) => {
  // What the ended session asks before it hears of its end.
  faults.allow(/status of 401/)
  const username = freshUsername('Milo')
  const first = await (await browser.newContext()).newPage()
  await register(first, 'Milo', username)
  const second = await (await browser.newContext()).newPage()
  await signIn(second, username)

  await second.goto('/settings/sessions')
  await second.getByRole('button', { name: 'End session' }).click()
  await expect(second.getByText('The session has ended.', { exact: true })).toBeVisible()
  await expect(first).toHaveURL(/\/login/)
  await expect(first.getByText('You have been signed out')).toBeVisible()
})

test('who is signed in is led past the pages for strangers', async ({ browser }) => {
  const { page } = await newPerson(browser, 'Ada')
  for (const path of ['/', '/login', '/register']) {
    await page.goto(path)
    await expect(page).toHaveURL(/\/chats$/)
  }
  await page.goBack()
  // None of them is left behind to come back to, which would lead here again.
  await expect(page).not.toHaveURL(/\/(login|register)$/)
})
