import type { Locator, Page } from '@playwright/test'
import { expectAccessibleInBothThemes } from '../axe'
import { inkContrast, ringContrast } from '../layout'
import { bubble, composer, newPerson, openChat, pairIn, say, tick } from '../person'
import { SIZES } from '../places'
import { expect, test } from '../test'

async function pick(page: Page, text: string, item: string) {
  await bubble(page, text).locator('[data-bubble]').click({ button: 'right' })
  await page.getByRole('menuitem', { name: item }).click()
}

test('an answer quotes what it answers, and leads there', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await pick(bob.page, 'Shall we meet', 'Reply')
  await expect(bob.page.getByTestId('intent')).toContainText('Reply to Ada')
  await expect(composer(bob.page)).toBeFocused()
  await bob.page.keyboard.type('Ten is better')
  await bob.page.keyboard.press('Enter')
  await expect(bob.page.getByTestId('intent')).toHaveCount(0)
  const own = bubble(bob.page, 'Ten is better').getByRole('button', { name: 'Reply to Ada' })
  for (const colorScheme of ['dark', 'light'] as const) {
    await bob.page.emulateMedia({ colorScheme })
    await expect(bob.page.locator('html')).toHaveClass(new RegExp(`\\b${colorScheme}\\b`))
    await own.focus()
    await expect(own).toHaveCSS('outline-style', 'solid')
    expect.soft(await ringContrast(own), colorScheme).toBeGreaterThanOrEqual(3)
  }
  await expectAccessibleInBothThemes(bob.page)

  const answer = bubble(ada.page, 'Ten is better')
  await expect(answer.getByRole('button', { name: 'Reply to you' })).toContainText('at nine')
  await answer.getByRole('button', { name: 'Reply to you' }).click()
  await expect(bubble(ada.page, 'Shall we meet').first()).toHaveClass(/animate-flash/)
})

test('ticks are seen below emoji that have no ground of their own', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'Shall we meet at nine?')
  await say(ada, '🎉')
  await tick(ada, '🎉', 'read')
  const ticks = bubble(ada.page, '🎉').locator('[data-state]')
  expect(await inkContrast(ticks)).toBeGreaterThanOrEqual(3)
})

test('the last message is edited by the arrow upwards, and Escape leaves it', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await composer(ada.page).press('ArrowUp')
  await expect(composer(ada.page)).toHaveValue('Shall we meet at nine?')
  await composer(ada.page).press('Escape')
  await expect(composer(ada.page)).toHaveValue('')

  await composer(ada.page).press('ArrowUp')
  await composer(ada.page).fill('Shall we meet at ten?')
  await composer(ada.page).press('Enter')
  await expect(bubble(bob.page, 'at ten?')).toContainText('edited')
  await expect(bubble(ada.page, 'at nine?')).toHaveCount(0)
})

test('emoji are put under a message and taken back, and say whose they are', async ({
  browser,
}) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await bubble(bob.page, 'Shall we meet').locator('[data-bubble]').click({ button: 'right' })
  await bob.page.getByRole('menuitem', { name: '👍' }).click()
  const chip = bubble(ada.page, 'Shall we meet').getByRole('button', { name: '👍 1 by Bob' })
  await expect(chip).toHaveAttribute('aria-pressed', 'false')
  await chip.click()
  await expect(
    bubble(bob.page, 'Shall we meet').getByRole('button', { name: /^👍/ }),
  ).toContainText('2')
  const both = bubble(ada.page, 'Shall we meet').getByRole('button', { name: /^👍/ })
  await expect(both).toHaveAttribute('aria-pressed', 'true')
  await both.click()
  await expect(chip).toContainText('1')

  await pick(ada.page, 'Shall we meet', 'Reactions')
  await expect(ada.page.getByRole('dialog')).toContainText('Bob')
  await ada.page.keyboard.press('Escape')

  // Alone they have no ground: the time of somebody else's begins where they do.
  await say(ada, '🥕🥕🥕')
  for (const dir of ['ltr', 'rtl']) {
    await bob.page.evaluate((to) => (document.dir = to), dir)
    expect(await indentOfTime(bubble(bob.page, '🥕')), dir).toBe(0)
  }
  expect(await indentOfTime(bubble(ada.page, '🥕'))).toBeGreaterThan(0)
  // One is narrower than a time with its ticks, which stays on its line.
  await say(ada, '🌞')
  const line = await bubble(ada.page, '🌞').getByRole('time').boundingBox()
  expect(line?.height).toBeLessThan(20)
})

/** How far the time of a message stands behind the beginning of its text, in CSS pixels. */
const indentOfTime = (message: Locator) =>
  message.locator('[data-bubble]').evaluate((bubble) => {
    const [text, time] = ['p', 'time'].map((name) => bubble.querySelector(name))
    const [a, b] = [text?.getBoundingClientRect(), time?.getBoundingClientRect()]
    if (!a || !b) return NaN
    return Math.round(document.dir === 'rtl' ? a.right - b.right : b.left - a.left)
  })

test('a message is deleted for oneself, or for everyone', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await say(ada, 'second thoughts')
  await pick(bob.page, 'Shall we meet', 'Delete')
  await expect(bob.page.getByRole('button', { name: 'Delete for everyone' })).toHaveCount(0)
  await bob.page.getByRole('button', { name: 'Delete for me' }).click()
  await expect(bubble(bob.page, 'Shall we meet')).toHaveCount(0)
  await expect(bubble(ada.page, 'Shall we meet')).toBeVisible()

  await pick(ada.page, 'second thoughts', 'Delete')
  await ada.page.getByRole('button', { name: 'Delete for everyone' }).click()
  for (const { page } of [ada, bob]) {
    await expect(bubble(page, 'This message was deleted.')).toBeVisible()
    await expect(bubble(page, 'second thoughts')).toHaveCount(0)
  }
  // And another one, by the same window.
  await pick(ada.page, 'Shall we meet', 'Delete')
  await ada.page.getByRole('button', { name: 'Delete for me' }).click()
  await expect(bubble(ada.page, 'Shall we meet')).toHaveCount(0)
})

test('pins are listed for both, and lead to their message', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await pick(ada.page, 'Shall we meet', 'Pin')
  await expect(bubble(bob.page, 'Shall we meet')).toContainText('Pinned')
  await bob.page.getByRole('button', { name: 'Actions for Ada' }).click()
  await bob.page.getByRole('menuitem', { name: 'Pinned messages' }).click()
  const panel = bob.page.getByRole('complementary', { name: 'Pinned messages' })
  await panel.getByRole('button', { name: /Shall we meet/ }).click()
  await expect(bubble(bob.page, 'Shall we meet')).toHaveClass(/animate-flash/)

  await pick(ada.page, 'Shall we meet', 'Unpin')
  await expect(panel).toContainText('Nothing is pinned')
})

test('a link to a message opens the conversation there', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'Shall we meet at nine?')
  await ada.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await pick(ada.page, 'Shall we meet', 'Copy link')
  const link = await ada.page.evaluate(() => navigator.clipboard.readText())
  expect(link).toMatch(/\/chats\/[0-9a-f-]{36}\?at=1$/)
  await ada.page.goto(link)
  await expect(bubble(ada.page, 'Shall we meet')).toHaveClass(/animate-flash/)
  await expect(ada.page).not.toHaveURL(/at=/)
})

test('it can be unread again from a message on, and says who has seen it', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  await pick(bob.page, 'Shall we meet', 'Mark unread from here')
  await expect(bob.page.getByRole('link', { name: /^Ada/ })).toContainText('1 unread message')
  await bob.page.getByRole('button', { name: 'Undo' }).click()
  await expect(bob.page.getByRole('link', { name: /^Ada/ })).not.toContainText('unread')

  await pick(ada.page, 'Shall we meet', 'Seen by')
  await expect(ada.page.getByRole('dialog', { name: 'Seen by' })).toContainText(/Read\s*.*Bob/)
})

test('keys do it all: to a message, its menu, an answer, an emoji', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  const { page } = bob
  await page.getByTestId('timeline').focus()
  await page.keyboard.press('ArrowUp')
  await expect(bubble(page, 'Shall we meet')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Copy text' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(bubble(page, 'Shall we meet')).toBeFocused()

  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'React with ❤️' }).press('Enter')
  await expect(
    bubble(ada.page, 'Shall we meet').getByRole('button', { name: '❤️ 1 by Bob' }),
  ).toBeVisible()

  await bubble(page, 'Shall we meet').focus()
  await page.keyboard.press('r')
  await expect(composer(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('intent')).toHaveCount(0)
})

test('a long press opens the menu on a phone', async ({ browser }) => {
  const phone = { viewport: SIZES.phone, hasTouch: true, isMobile: true }
  const ada = await newPerson(browser, 'Ada', phone)
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'press me')
  const box = await bubble(ada.page, 'press me').locator('[data-bubble]').boundingBox()
  const touch = await ada.page.context().newCDPSession(ada.page)
  const touchPoints = [{ x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 12 }]
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
  await expect(ada.page.getByRole('menuitem', { name: 'Reply' })).toBeVisible()
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await ada.page.getByRole('menuitem', { name: 'Reply' }).tap()
  await expect(ada.page.getByTestId('intent')).toContainText('press me')
})

test('names are offered while one writes them, and everyone to an admin alone', async ({
  browser,
}) => {
  const ada = await newPerson(browser, 'Ada')
  const { page } = ada
  await page.goto('/discover')
  await page.getByRole('button', { name: 'New group' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Diggers')
  await page.getByRole('button', { name: 'Create group' }).click()
  await expect(composer(page)).toBeVisible()
  await composer(page).pressSequentially('hello @al')
  await expect(page.getByRole('option', { name: /Everyone here/ })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(composer(page)).toHaveValue('hello @all ')
  await page.keyboard.press('Enter')
  await expect(bubble(page, 'hello @all').locator('bdi', { hasText: '@all' })).toBeVisible()
})

test('what is typed right before a reload is there again', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'Shall we meet at nine?')
  await composer(ada.page).pressSequentially('half a thou')
  await ada.page.reload()
  await expect(composer(ada.page)).toHaveValue('half a thou')
})
