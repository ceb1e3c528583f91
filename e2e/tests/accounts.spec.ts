import { expect, test } from '../test'
import {
  freshUsername,
  newPerson,
  openChat,
  PASSWORD,
  register,
  say,
  signIn,
  tick,
} from '../person'

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

test('no token is ever kept where a script could find it', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'nothing secret')
  // The page begins with the cookie alone: its token is a renewed one.
  await page.reload()
  await tick(ada, 'nothing secret', 'delivered')
  const found = () => page.evaluate(everythingKept)
  // It is looked for where the messages are found.
  await expect.poll(found).toContain('nothing secret')
  const kept = await found()
  expect(kept).toContain('warren.user')
  expect(kept).not.toMatch(/eyJ|bearer/i)
})

/** All that a page's scripts could read, as text. */
async function everythingKept(): Promise<string> {
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const kept: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie]
  for (const { name = '' } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name))
    for (const store of db.objectStoreNames)
      kept.push(await done(db.transaction(store).objectStore(store).getAll()))
    db.close()
  }
  return JSON.stringify(kept, (_key, value: unknown) => {
    if (value instanceof Map) return [...value]
    return value instanceof Set ? [...value] : value
  })
}
