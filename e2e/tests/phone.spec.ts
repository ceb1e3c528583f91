import { expect, test } from '@playwright/test'
import { bubble, composer, newPerson, openChat, say } from '../person'
import { SIZES } from '../places'

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

test('what a finger touches is 44 pixels high and wide', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob', options)
  await openChat(ada, bob)
  await say(ada, 'hello')
  for (const path of [ada.page.url(), '/chats', '/people', '/settings']) {
    await ada.page.goto(path)
    await expect(
      ada.page.getByRole('main').or(ada.page.getByRole('navigation')).first(),
    ).toBeVisible()
    const small = await ada.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, a')]
        .filter(
          (element) =>
            element.checkVisibility() && !element.closest('.sr-only, [aria-hidden="true"]'),
        )
        .map((element) => ({
          box: element.getBoundingClientRect(),
          html: element.outerHTML.slice(0, 120),
        }))
        .filter(({ box }) => box.bottom > 0 && (box.width < 44 || box.height < 44))
        .map(({ box, html }) => `${Math.round(box.width)}×${Math.round(box.height)} ${html}`),
    )
    expect(small, path).toEqual([])
  }
})
