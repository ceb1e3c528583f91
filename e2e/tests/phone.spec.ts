import { expect, test } from '../test'
import { bubble, composer, newPerson, openChat, say, signIn } from '../person'
import { makeDemo } from '../demo'
import { smallFields, smallTargets } from '../layout'
import { expectLoaded, pagesOf, SIZES } from '../places'

const options = { viewport: SIZES.phone, hasTouch: true, isMobile: true }

test('on a phone there is one pane at a time, and back goes back', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob', options)
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'from my pocket')
  await page.goto('/chats')
  await page.getByRole('link', { name: /^Bob/ }).click()
  await expect(bubble(page, 'from my pocket')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Chats' })).toBeHidden()

  await page.getByRole('heading', { name: 'Bob' }).click()
  await expect(page.getByRole('complementary', { name: 'Details' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('complementary', { name: 'Details' })).toHaveCount(0)
  await expect(composer(page)).toBeInViewport()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Chats' })).toBeVisible()
})

test('what a finger touches is 44 pixels high and wide, and no field makes a phone zoom', async ({
  browser,
}) => {
  test.setTimeout(240_000)
  const demo = await makeDemo()
  const page = await (await browser.newContext(options)).newPage()
  await signIn(page, demo.username)
  for (const [name, path] of Object.entries(pagesOf(demo))) {
    await test.step(name, async () => {
      await page.goto(path)
      await expectLoaded(page)
      expect.soft(await smallTargets(page), name).toEqual([])
      expect.soft(await smallFields(page), name).toEqual([])
    })
  }
  await page.goto(`/chats/${demo.direct}`)
  await page.getByRole('button', { name: 'Actions for Grace Hopper' }).click()
  await expect(page.getByRole('menuitem').first()).toBeVisible()
  expect.soft(await smallTargets(page), 'a menu').toEqual([])
})
