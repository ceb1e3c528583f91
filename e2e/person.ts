// Somebody with a browser of their own, and what they do with it.
import { expect, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { watchFaults } from './faults'

export const PASSWORD = 'a warren of one’s own'

export interface Person {
  page: Page
  name: string
  username: string
  /** What the browser found wrong so far. */
  faults: string[]
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
async function fillWhenReady(page: Page, label: string, value: string) {
  await expect(page.getByRole('button', { name: /theme|Farbschema/ })).toBeVisible()
  await page.getByLabel(label).fill(value)
}

export async function newPerson(
  browser: Browser,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const faults = watchFaults(page)
  const username = freshUsername(name)
  await register(page, name, username)
  return { page, name, username, faults }
}

/** Opens a chat with someone by searching for their username. */
export async function openChat(from: Person, to: Person): Promise<void> {
  const { page } = from
  await page.goto('/people')
  await page.getByLabel('Find people').fill(to.username)
  await page.getByRole('button', { name: `Chat with ${to.name}` }).click()
  await expect(composer(page)).toBeVisible()
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
