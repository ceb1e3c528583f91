import type { Locator, Page } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { clientOf } from '../api'
import { bubble, composer, newPerson, openChat, pairIn, PASSWORD, say } from '../person'
import { expect, test } from '../test'

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
  // It takes what room a tall window has, below its upper edge; fewer results make it lower alone.
  const palette = page.getByRole('dialog')
  const place = async () => (await palette.boundingBox()) ?? { y: NaN, height: NaN }
  await expect.poll(async () => (await place()).height).toBeGreaterThan(550)
  await expect.poll(async () => Math.round((await place()).y)).toBe(135)
  await palette.getByRole('textbox').fill('Bob')
  await expect.poll(async () => (await place()).height).toBeLessThan(550)
  expect(Math.round((await place()).y)).toBe(135)
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

test('keys lead to what is unread, in groups too, and Escape reads it', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  const { page } = ada
  const cleo = await newPerson(browser, 'Cleo')
  await openChat(cleo, ada)
  await say(cleo, 'from Cleo')
  await expect(page.getByRole('link', { name: /^Cleo/ })).toContainText('unread')
  await page.getByTestId('timeline').focus()
  await page.keyboard.press('Alt+Shift+ArrowDown')
  await expect(bubble(page, 'from Cleo')).toBeVisible()

  const { ask } = await clientOf(ada)
  const { id, channels } = await ask<{ id: string; channels: { id: string }[] }>(
    'POST',
    '/groups',
    { name: 'Burrow', visibility: 'public' },
  )
  const first = channels[0]?.id
  const second = await ask<{ id: string }>('POST', `/groups/${id}/channels`, { name: 'tunnel' })
  const bobs = await clientOf(bob)
  await bobs.ask('POST', `/groups/${id}/join`)
  await page.goto(`/groups/${id}/${first}`)
  await expect(page.getByRole('link', { name: 'tunnel' })).toBeVisible()
  await expect(composer(page)).toBeVisible()
  await page.keyboard.press('Alt+ArrowDown')
  await expect(page).toHaveURL(new RegExp(`/groups/${id}/${second.id}$`))
  await page.keyboard.press('Alt+ArrowUp')
  await expect(page).toHaveURL(new RegExp(`/groups/${id}/${first}$`))

  const text = { client_id: randomUUID(), body: 'dusty here' }
  const { seq } = await bobs.ask<{ seq: number }>('POST', `/conversations/${first}/messages`, text)
  await expect(bubble(page, 'dusty here')).toBeVisible()
  await ask('PATCH', `/conversations/${first}/me`, { unread_from_seq: seq })
  const channel = page.getByRole('navigation', { name: 'Channels' }).getByRole('link').first()
  await expect(channel).toContainText(/unread/i)
  await page.getByTestId('timeline').focus()
  await page.keyboard.press('Escape')
  await expect(channel).not.toContainText(/unread/i)
})

test('from signing in to signing out without a mouse, and one always sees where one is', async ({
  browser,
}) => {
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  const page = await (await browser.newContext()).newPage()
  await page.goto('/login')
  await expect(page.getByRole('button', { name: /theme/ })).toBeVisible()
  await tabTo(page, page.getByLabel('Username'))
  await page.keyboard.type(ada.username)
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/chats/)

  const main = page.getByRole('navigation', { name: 'Main' })
  await tabTo(page, main.getByRole('link', { name: 'People' }))
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByLabel('Find people'))
  await page.keyboard.type(bob.username)
  const found = page.getByRole('listitem').filter({ hasText: bob.username })
  await tabTo(page, found.getByRole('button', { name: 'Chat with Bob' }))
  await page.keyboard.press('Enter')
  await expect(composer(page)).toBeFocused()
  await page.keyboard.type('by hand')
  await page.keyboard.press('Enter')
  await expect(bubble(page, 'by hand')).toBeVisible()

  await tabTo(page, page.getByRole('button', { name: 'Actions for Bob' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem').first()).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Actions for Bob' })).toBeFocused()

  await tabTo(page, main.getByRole('link', { name: /Settings|Me/ }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('link', { name: 'Account' }))
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Sign out' }))
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/login/)
})

const STOPS_MAX = 80

/** By Tab alone. Each stop on the way looks different while it has the focus. */
async function tabTo(page: Page, goal: Locator, key = 'Tab'): Promise<void> {
  await expect(goal).toBeVisible()
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press(key)
    const { name, seen } = await page.evaluate(focusLook)
    expect(seen, `one sees the focus at ${name}`).toBe(true)
    if (await goal.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`${goal} was not reached`)
}

/** Whether what has the focus shows it, itself or by a frame around it. */
function focusLook(): { name: string; seen: boolean } {
  const element = document.activeElement as HTMLElement
  // Between the last stop and the first there is the browser itself.
  if (element === document.body) return { name: 'the page', seen: true }
  const frames = [element, element.parentElement, element.parentElement?.parentElement]
  const look = () =>
    frames
      .flatMap((frame) => (frame ? [frame] : []))
      .map((frame) => getComputedStyle(frame))
      .map((style) => [style.outline, style.boxShadow, style.border, style.backgroundColor].join())
      .join()
  const focused = look()
  // Without its transitions, which would show what was for a moment longer.
  const still = document.createElement('style')
  still.nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''
  still.textContent = '* { transition: none !important }'
  document.head.append(still)
  element.blur()
  const plain = look()
  element.focus()
  still.remove()
  return { name: element.outerHTML.slice(0, 120), seen: focused !== plain }
}
