// What is done by `/`, and what is hidden until one asks.
import { expectAccessible } from '../axe'
import { bubble, composer, pairIn } from '../person'
import { expect, test } from '../test'

test('a command is found by its first letters, and one that is none is sent', async ({
  browser,
}) => {
  const [{ page }] = await pairIn(browser, 'hello')
  const commands = page.getByRole('listbox', { name: 'Commands' })
  await composer(page).pressSequentially('/')
  await expect(commands.getByRole('option')).toHaveCount(7)
  await page.keyboard.type('mu')
  await expect(commands.getByRole('option')).toHaveText([/mute/])
  await page.keyboard.press('Tab')
  await expect(composer(page)).toHaveValue('/mute ')
  await page.keyboard.type('soon')
  await page.keyboard.press('Enter')
  await expect(page.getByText(/Say for how long/).first()).toBeVisible()
  await expect(composer(page)).toHaveValue('/mute soon')
  await composer(page).fill('/mute 1h')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: /^Bob/ })).toContainText('Muted')
  await expect(composer(page)).toHaveValue('')

  await composer(page).fill('/search hello')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('complementary').locator('mark')).toHaveText('hello')
  await composer(page).fill('/etc is full')
  await page.keyboard.press('Enter')
  await expect(bubble(page, '/etc is full')).toBeVisible()
  await expect(page.getByRole('article')).toHaveCount(2)
})

test('a spoiler is told nowhere until a key asks for it', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'hello')
  await composer(ada.page).fill('/spoiler he *dies* at the end')
  await ada.page.keyboard.press('Enter')
  const { page } = bob
  const secret = page.getByText('he dies at the end')
  const spoiler = page.getByRole('button', { name: 'Show spoiler' })
  await expect(spoiler).toBeVisible()
  await expect(page.locator('[aria-live="polite"]', { hasText: 'Ada: Spoiler' })).toBeAttached()
  await expect(secret.filter({ visible: true })).toHaveCount(0)
  await expect(page.getByRole('link', { name: /^Ada/ })).toContainText('█████')
  await expectAccessible(page)

  await spoiler.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('article').getByText('he dies at the end')).toBeVisible()
  await expect(spoiler).toHaveCount(0)
  await expect(page.getByRole('menu')).toHaveCount(0)
  await expectAccessible(page)
})
