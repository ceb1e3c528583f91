import type { Page } from '@playwright/test'
import { expectAccessible, expectAccessibleInBothThemes } from '../axe'
import { messageMenu } from '../openings'
import { bubble, composer, pairIn } from '../person'
import { expect, test } from '../test'

const TEXT = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('carrots, tea\n') }

/** A picture that is one: what the page looks like. */
const picture = async (page: Page, name: string) => ({
  name,
  mimeType: 'image/png',
  buffer: await page.screenshot(),
})

const attach = (page: Page, files: Parameters<ReturnType<Page['locator']>['setInputFiles']>[0]) =>
  page.locator('input[type=file][multiple]').setInputFiles(files)
const tray = (page: Page) => page.getByRole('list', { name: 'Files of the next message' })
const send = (page: Page) => page.getByRole('button', { name: 'Send message' })

test('pictures and a file go from one to the other', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'files follow')
  const shots = [await picture(ada.page, 'one.png'), await picture(ada.page, 'two.png')]
  await attach(ada.page, [...shots, TEXT])
  await expect(tray(ada.page).getByRole('listitem')).toHaveCount(3)
  await tray(ada.page).getByRole('button', { name: 'Remove two.png' }).click()
  await expect(tray(ada.page).getByRole('listitem')).toHaveCount(2)
  await composer(ada.page).fill('look at this')
  await expect(send(ada.page)).toBeEnabled()
  await send(ada.page).click()

  const message = bubble(bob.page, 'look at this')
  const shown = message.getByRole('img', { name: 'one.png' })
  await expect(shown).toBeVisible()
  // It is a picture, and stands in the frame that was there before it.
  await expect
    .poll(() => shown.evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth))
    .toBeGreaterThan(0)

  const download = bob.page.waitForEvent('download')
  await message.getByRole('button', { name: /^Save notes.txt, 13 byte/ }).click()
  expect((await download).suggestedFilename()).toBe('notes.txt')
  await expectAccessibleInBothThemes(ada.page)
})

test('a picture is there before its bytes: nothing moves when they come', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'files follow')
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await bob.page.route('**/v1/files/**', async (route) => {
    await held
    await route.continue()
  })
  await attach(ada.page, await picture(ada.page, 'late.png'))
  await expect(send(ada.page)).toBeEnabled()
  await send(ada.page).click()
  const frame = bob.page.getByRole('button', { name: 'Show late.png' })
  await expect(frame).toBeVisible()
  const before = await frame.boundingBox()
  const veil = frame.locator('[data-veil]')
  await expect(veil).toHaveAttribute('style', /data:image\/png/)
  release()
  await expect
    .poll(() =>
      frame.locator('img').evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth),
    )
    .toBeGreaterThan(0)
  await expect(veil).toHaveCount(0)
  expect(await frame.boundingBox()).toEqual(before)
})

test('pictures are looked through by keys, and Escape closes', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'files follow')
  await attach(ada.page, [await picture(ada.page, 'a.png'), await picture(ada.page, 'b.png')])
  await expect(send(ada.page)).toBeEnabled()
  await send(ada.page).click()
  await ada.page.getByRole('button', { name: 'Show a.png' }).click()
  const box = ada.page.getByRole('dialog')
  await expect(box).toContainText('1 of 2')
  await ada.page.keyboard.press('ArrowRight')
  await expect(box).toContainText('2 of 2')
  await expect(box.getByRole('img', { name: 'b.png' })).toBeVisible()
  await ada.page.keyboard.press('ArrowRight')
  await expect(box).toContainText('2 of 2')
  await ada.page.keyboard.press('Escape')
  await expect(box).toHaveCount(0)
})

test('an upload that fails says so, and is tried again', async ({ browser, faults }) => {
  faults.allow(/ERR_FAILED/)
  const [ada] = await pairIn(browser, 'files follow')
  await ada.page.route('**/v1/uploads', (route) => route.abort())
  await attach(ada.page, TEXT)
  await expect(tray(ada.page).getByRole('alert')).toContainText('No connection')
  await expect(send(ada.page)).toBeDisabled()
  await ada.page.unrouteAll({ behavior: 'ignoreErrors' })
  await tray(ada.page).getByRole('button', { name: 'Try notes.txt again' }).click()
  await expect(send(ada.page)).toBeEnabled()
})

test('what is dropped or pasted waits above the field', async ({ browser }) => {
  const [ada] = await pairIn(browser, 'files follow')
  const { page } = ada
  const files = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }))
    return data
  })
  const field = composer(page)
  await field.dispatchEvent('dragenter', { dataTransfer: files })
  await expect(page.getByText('Drop files for Bob here')).toBeVisible()
  await field.dispatchEvent('drop', { dataTransfer: files })
  await expect(page.getByText('Drop files for Bob here')).toHaveCount(0)
  await expect(tray(page)).toContainText('dropped.txt')

  await field.evaluate((element) => {
    const data = new DataTransfer()
    data.items.add(new File(['pasted'], 'pasted.txt', { type: 'text/plain' }))
    element.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    )
  })
  await expect(tray(page)).toContainText('pasted.txt')
})

test('a picture of one’s own is seen by others', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'files follow')
  await ada.page.goto('/settings/profile')
  await expect(ada.page.getByRole('button', { name: 'Add a picture' })).toBeVisible()
  await ada.page.locator('input[type=file]').setInputFiles(await picture(ada.page, 'me.png'))
  await expect(ada.page.getByRole('button', { name: 'Remove picture' })).toBeVisible()
  const row = bob.page.getByRole('link', { name: /^Ada/ })
  await expect(row.locator('img')).toBeVisible()

  await ada.page.getByRole('button', { name: 'Remove picture' }).click()
  await expect(row.locator('img')).toHaveCount(0)
})

test('what was sent is found in one place, and leads to its message', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'files follow')
  const { page } = bob
  await page.getByRole('button', { name: 'Actions for Ada' }).click()
  await page.getByRole('menuitem', { name: 'Shared files' }).click()
  const panel = page.getByRole('complementary', { name: 'Shared files' })
  await expect(panel).toContainText('No files yet')

  await attach(ada.page, [await picture(ada.page, 'map.png'), TEXT])
  await composer(ada.page).fill('the way there')
  await expect(send(ada.page)).toBeEnabled()
  await send(ada.page).click()
  const shown = panel.getByRole('button', { name: /^Show map.png, from Ada, Today/ })
  await expect(shown.getByRole('img')).toBeVisible()
  await expect(panel.getByRole('heading', { level: 3 })).toHaveCount(1)
  await expectAccessible(page)
  const download = page.waitForEvent('download')
  await panel.getByRole('button', { name: /^Save notes.txt/ }).click()
  expect((await download).suggestedFilename()).toBe('notes.txt')

  const flashed = bubble(page, 'the way there').and(page.locator('.animate-flash'))
  await panel.getByRole('button', { name: /^notes.txt/ }).click()
  await expect(flashed).toBeVisible()
  await expect(page).not.toHaveURL(/at=/)
  await page.reload()
  await shown.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Show in chat' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(flashed).toBeVisible()

  await messageMenu(ada.page, 'the way there', 'Delete')
  await ada.page.getByRole('button', { name: 'Delete for everyone' }).click()
  await expect(panel).toContainText('No files yet')
})
