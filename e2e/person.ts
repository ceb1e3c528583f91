// Somebody with a browser of their own, and what they do with it.
import {
  expect,
  request,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { baseURL } from './browser'
import { followServer } from './servers'

export const PASSWORD = 'a warren of one’s own'

export interface Person {
  page: Page
  name: string
  username: string
  /** The ws-server of this browser's socket; null while there is none. */
  server: () => string | null
}

/** A username that no other run has taken. */
export function freshUsername(name: string): string {
  return `${name.toLowerCase().replace(/[^a-z]/g, '')}_${randomUUID().slice(0, 8)}`
}

export async function register(page: Page, name: string, username: string): Promise<void> {
  await page.goto('/register')
  await fillWhenReady(page, 'Username', username)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page).toHaveURL(/\/chats/)
}

export async function signIn(page: Page, username: string): Promise<void> {
  await page.goto('/login')
  await fillWhenReady(page, 'Username', username)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/\/chats/)
}

/** A page that the server rendered takes input before its scripts do: filled until it stays. */
export async function fillWhenReady(page: Page, label: string, value: string) {
  await expect(page.getByRole('button', { name: /theme|Farbschema/ })).toBeVisible()
  await page.getByLabel(label).fill(value)
}

/** Someone new, in a browser of their own. */
export async function newPerson(
  browser: Browser,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const username = freshUsername(name)
  const storageState = await signedIn('register', { username, display_name: name })
  const page = await (await browser.newContext({ ...options, storageState })).newPage()
  const server = followServer(page)
  await page.goto('/chats')
  await expect(page.getByText('No conversation yet')).toBeVisible()
  return { page, name, username, server }
}

/**
 * What a browser holds after the form: the session's cookie, and the id under which the client
 * remembers whose it is.
 */
export async function signedIn(
  form: 'login' | 'register',
  who: { username: string; display_name?: string },
) {
  const door = await request.newContext({ baseURL, extraHTTPHeaders: { Origin: baseURL } })
  const answer = await door.post(`/v1/auth/${form}`, {
    data: { ...who, password: PASSWORD, session: 'cookie' },
  })
  expect(answer.ok(), await answer.text()).toBe(true)
  const { user } = (await answer.json()) as { user: { id: string } }
  const { cookies } = await door.storageState()
  await door.dispose()
  const localStorage = [{ name: 'warren.user', value: user.id }]
  return { cookies, origins: [{ origin: baseURL, localStorage }] }
}

/** Opens a chat with someone by searching for their username. */
export async function openChat(from: Person, to: Person): Promise<void> {
  const { page } = from
  await page.goto('/people')
  await page.getByLabel('Find people').fill(to.username)
  await page.getByRole('button', { name: `Chat with ${to.name}` }).click()
  await expect(composer(page)).toBeVisible()
}

/** Two people in a chat that both have open, and its first message. */
export async function pairIn(browser: Browser, first: string): Promise<[Person, Person]> {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, first)
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await expect(bubble(bob.page, first)).toBeVisible()
  return [ada, bob]
}

export const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })
export const bubble = (page: Page, text: string) =>
  page.getByRole('article').filter({ hasText: text })

/** `shown` is how it looks, where that differs from how it is written. */
export async function say(person: Person, text: string, shown = text): Promise<void> {
  await composer(person.page).fill(text)
  await person.page.getByRole('button', { name: 'Send message' }).click()
  await expect(bubble(person.page, shown)).toBeVisible()
}

/** How far a message of one's own has come. */
export const tick = (person: Person, text: string, state: string) =>
  expect(bubble(person.page, text).locator('[data-state]')).toHaveAttribute('data-state', state)
