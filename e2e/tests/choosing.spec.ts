// Messages that go elsewhere, several at once, and by a finger.
import type { CDPSession, Locator, Page } from '@playwright/test'
import { expectAccessible } from '../axe'
import { smallTargets } from '../layout'
import { bubble, composer, newPerson, openChat, pairIn, say } from '../person'
import { SIZES } from '../places'
import { expect, test } from '../test'

const TEXT = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('carrots, tea\n') }

async function pick(page: Page, text: string, item: string) {
  await bubble(page, text).locator('[data-bubble]').click({ button: 'right' })
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

test('a text and its file go to a chat and to somebody new, who see that it is forwarded', async ({
  browser,
  faults,
}) => {
  faults.allow(/ERR_FAILED/)
  const [ada, bob] = await pairIn(browser, 'Shall we meet at nine?')
  const carol = await newPerson(browser, 'Carol')
  const dan = await newPerson(browser, 'Dan')
  await openChat(carol, ada)
  await say(carol, 'hello from Carol')
  await bob.page.locator('input[type=file][multiple]').setInputFiles(TEXT)
  await composer(bob.page).fill('what we need, @all')
  await bob.page.getByRole('button', { name: 'Send message' }).click()

  const { page } = ada
  await page.route('**/v1/uploads', (route) => route.abort())
  await pick(page, 'what we need', 'Forward')
  const dialog = page.getByRole('dialog', { name: 'Forward this message' })
  await dialog.getByRole('checkbox', { name: /^Carol/ }).check()
  await dialog.getByRole('searchbox').fill(dan.username)
  await expect(dialog.getByRole('checkbox')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('button', { name: 'Leave out Dan' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Send' }).click()
  // A file that does not come says so, and nothing is sent without it.
  await expect(dialog.getByRole('alert')).toContainText('No connection')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await dialog.getByRole('button', { name: 'Try notes.txt again' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('Forwarded to Carol and Dan.', { exact: true })).toBeVisible()

  await dan.page.getByRole('link', { name: /^Ada/ }).click()
  for (const reader of [carol, dan]) {
    const message = bubble(reader.page, 'what we need')
    await expect(message).toContainText('↪ Forwarded')
    const download = reader.page.waitForEvent('download')
    await message.getByRole('button', { name: /^Save notes.txt, 13 byte/ }).click()
    expect((await download).suggestedFilename()).toBe('notes.txt')
  }
})

test('three messages are chosen by keys, copied, and deleted for oneself', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'one')
  const { page } = ada
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await say(bob, 'two')
  await say(bob, 'three')
  await expect(bubble(page, 'three')).toBeVisible()
  const begin = async () => {
    await page.getByTestId('timeline').focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Select' }).press('Enter')
    await expect(page.getByRole('checkbox', { name: 'Bob: three' })).toBeFocused()
  }
  await begin()
  await expect(composer(page)).toBeHidden()
  await page.keyboard.press('Escape')
  await expect(bubble(page, 'three')).toBeFocused()
  await expect(page.getByRole('checkbox')).toHaveCount(0)
  await expect(composer(page)).toBeVisible()

  await begin()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(page.getByRole('checkbox', { name: 'You: one' })).toBeFocused()
  await page.keyboard.press('Shift+Space')
  const bar = page.getByRole('group', { name: 'Chosen messages' })
  await expect(bar).toContainText('3 chosen')
  await expectAccessible(page)
  await page.keyboard.press('Space')
  await expect(bar).toContainText('2 chosen')
  await bubble(page, 'one').click()
  await expect(bar).toContainText('3 chosen')

  await bar.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByText('Copied', { exact: true })).toBeVisible()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied.replace(/\[.*?\]/g, '[…]')).toBe('[…] Ada: one\n[…] Bob: two\n[…] Bob: three')

  await page.keyboard.press('Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete 3 messages?' })
  await expect(dialog.getByRole('button', { name: 'Delete for everyone' })).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Delete for me' }).click()
  await expect(page.getByRole('article')).toHaveCount(0)
  await expect(composer(page)).toBeFocused()
  await expect(bob.page.getByRole('article')).toHaveCount(3)
})

/** A finger, which Playwright cannot move. */
async function fingerOn(page: Page) {
  const touch: CDPSession = await page.context().newCDPSession(page)
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at: { x: number; y: number }[]) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints: at })
  return {
    async down(place: Locator) {
      const box = await place.boundingBox()
      const at = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 12 }
      await send('touchStart', [at])
      return at
    },
    move: (x: number, y: number) => send('touchMove', [{ x, y }]),
    up: () => send('touchEnd', []),
  }
}

test('on a phone a message is drawn along to be answered, and pressed to be chosen', async ({
  browser,
}) => {
  const phone = { viewport: SIZES.phone, hasTouch: true, isMobile: true }
  const ada = await newPerson(browser, 'Ada', phone)
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'draw me along')
  const { page } = ada
  const finger = await fingerOn(page)
  const message = bubble(page, 'draw me along').locator('[data-bubble]')
  const intent = page.getByTestId('intent')
  const swipe = page.getByTestId('swipe')

  // What draws it is loaded by itself.
  await expect(swipe).toBeAttached()
  const short = await finger.down(message)
  for (const far of [15, 30, 40]) await finger.move(short.x + far, short.y + 2)
  await expect(swipe).toBeVisible()
  await finger.up()
  await expect(swipe).toBeHidden()
  await expect(intent).toHaveCount(0)

  // It may be on its way back still.
  const long = await finger.down(message)
  for (const far of [15, 35, 60, 80]) await finger.move(long.x + far, long.y + 3)
  await expect(swipe).toBeVisible()
  await finger.up()
  await expect(intent).toContainText('draw me along')
  await intent.getByRole('button', { name: 'Do not reply' }).tap()

  await finger.down(message)
  await expect(page.getByRole('menuitem', { name: 'Select' })).toBeVisible()
  await finger.up()
  await page.getByRole('menuitem', { name: 'Select' }).tap()
  await expect(page.getByRole('checkbox', { name: 'You: draw me along' })).toBeChecked()
  expect(await smallTargets(page)).toEqual([])
  await page.getByRole('button', { name: 'Choose none' }).tap()
  await expect(composer(page)).toBeVisible()
})
