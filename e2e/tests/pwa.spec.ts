// The installed client: what the service worker keeps, and what it does not.
import type { Page, Worker } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { clientOf } from '../api'
import { baseURL } from '../browser'
import { bubble, newPerson, openChat, say, tick } from '../person'
import { inProfile, newPersonIn } from '../profile'
import { expect, test } from '../test'

const options = { serviceWorkers: 'allow' as const }

/** The service worker, once it has kept what it needs. */
async function installed(page: Page): Promise<Worker> {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  const [worker] = page.context().serviceWorkers()
  if (!worker) throw new Error('there is no service worker')
  return worker
}

/** As much of a service worker's scope as a page's types do not know. */
interface Scope extends EventTarget {
  registration: ServiceWorkerRegistration
  NotificationEvent: new (type: string, init: { notification?: Notification }) => Event
}

/** Whether a picture is kept; a place for it may be there before it is. */
const kept = (page: Page) =>
  page.evaluate(async (name) => {
    if (!(await caches.has(name))) return false
    const cache = await caches.open(name)
    return (await cache.keys()).length > 0
  }, 'warren.pictures')

test('without a network it opens, in any window, with what was read', async ({
  browser,
  faults,
}) => {
  faults.allow(/ERR_INTERNET_DISCONNECTED/)
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  const context = page.context()
  const asked: string[] = []
  context.on('request', (request) => {
    if (request.serviceWorker()) asked.push(request.url())
  })
  const worker = await installed(page)
  await openChat(ada, bob)
  for (const text of ['one', 'two', 'three']) await say(ada, text)
  await tick(ada, 'three', 'delivered')

  await context.setOffline(true)
  const network = () =>
    fetch('/v1/me').then(
      () => 'there is one',
      () => 'none',
    )
  expect(await worker.evaluate(network)).toBe('none')
  await page.reload()
  await expect(page.getByRole('article')).toContainText(['one', 'two', 'three'])
  await expect(page.getByText(/^Offline: messages wait here/)).toBeVisible()
  await say(ada, 'four')

  const second = await context.newPage()
  await second.goto('/chats')
  await second.getByRole('link', { name: /^Bob/ }).click()
  await expect(second.getByRole('article')).toContainText(['one', 'two', 'three', 'four'])
  // A page of the server's; the shell stands in for it, and goes where who is signed in belongs.
  await second.goto('/')
  await expect(second).toHaveURL(/\/chats$/)
  await expect(second.getByRole('link', { name: /^Bob/ })).toContainText('four')

  await context.setOffline(false)
  await tick(ada, 'four', 'delivered')
  // Of the worker's own requests, too, `test.ts` lets none go to another host.
  await second.goto('/login')
  await expect(second).toHaveURL(/\/chats$/)
  expect(asked).toContain(`${baseURL}/login`)
})

test('what was shown a moment ago is there without a network', async ({ browser, faults }) => {
  faults.allow(/ERR_INTERNET_DISCONNECTED/)
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await installed(page)
  await openChat(bob, ada)
  for (const text of ['one', 'two']) await say(bob, text)
  await page.getByRole('link', { name: /^Bob.*two/s }).click()
  await expect(bubble(page, 'two')).toBeVisible()
  await page.context().setOffline(true)
  await page.reload()
  await expect(page.getByRole('article')).toContainText(['one', 'two'])
  await expect(page.getByRole('main').getByRole('button', { name: /^Bob/ })).toBeVisible()

  // Whoever wrote in a group is known as long as what they wrote.
  await page.context().setOffline(false)
  const cleo = await clientOf(await newPerson(browser, 'Cleo'))
  const { id, channels } = await cleo.ask<{ id: string; channels: { id: string }[] }>(
    'POST',
    '/groups',
    { name: 'Burrow', visibility: 'public' },
  )
  const channel = channels[0]?.id ?? ''
  const message = { client_id: randomUUID(), body: 'welcome' }
  await cleo.ask('POST', `/conversations/${channel}/messages`, message)
  await (await clientOf(ada)).ask('POST', `/groups/${id}/join`)
  await page.goto(`/groups/${id}/${channel}`)
  await expect(bubble(page, 'welcome')).toContainText('Cleo')
  await page.context().setOffline(true)
  await page.reload()
  await expect(bubble(page, 'welcome')).toContainText('Cleo')
})

test('a browser that starts without a network has what was read and what was written', async ({
  browser,
  faults,
}) => {
  faults.allow(/ERR_INTERNET_DISCONNECTED/)
  const bob = await newPerson(browser, 'Bob')
  await inProfile(async (profile) => {
    const start = async (options = {}) => {
      const context = await profile.start(options)
      faults.follow(context)
      return context
    }
    const first = await start()
    const ada = await newPersonIn(first, 'Ada')
    await openChat(ada, bob)
    for (const text of ['one', 'two']) await say(ada, text)
    await tick(ada, 'two', 'delivered')
    await installed(ada.page)
    await first.close()

    const second = await start({ offline: true })
    ada.page = await second.newPage()
    // As one opens it: from its icon.
    await ada.page.goto('/chats')
    await ada.page.getByRole('link', { name: /^Bob.*two/s }).click()
    await expect(ada.page.getByRole('article')).toContainText(['one', 'two'])
    await expect(ada.page.getByText(/^Offline: messages wait here/)).toBeVisible()
    await say(ada, 'three')
    await second.close()

    const third = await start({ offline: true })
    const path = new URL(ada.page.url()).pathname
    ada.page = await third.newPage()
    await ada.page.goto(path)
    await expect(ada.page.getByRole('article')).toContainText(['one', 'two', 'three'])
    await tick(ada, 'three', 'sending')
    await third.setOffline(false)
    await tick(ada, 'three', 'delivered')
    await expect(ada.page.getByText(/^Offline/)).toHaveCount(0)
    await expect(bob.page.getByRole('link', { name: /^Ada/ })).toContainText('three')
  })
})

test('the shell that is kept runs under the policy that it came with', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada', options)
  const { page } = ada
  await installed(page)
  const nonces: string[] = []
  for (const path of ['/people', '/settings/about']) {
    const answer = await page.goto(path)
    expect(answer?.fromServiceWorker()).toBe(true)
    const nonce = /'nonce-([^']+)'/.exec(answer?.headers()['content-security-policy'] ?? '')?.[1]
    expect(await answer?.text()).toContain(`nonce="${nonce}"`)
    nonces.push(nonce ?? '')
    await expect(page.getByRole('main')).toBeVisible()
  }
  expect(nonces[0]).toBe(nonces[1])
})

test('pictures of people are kept, and are gone when one signs out', async ({
  browser,
  faults,
}) => {
  // Who signs out as soon as the page is there may do so while its socket still connects.
  faults.allow(/ERR_INTERNET_DISCONNECTED/, /WebSocket is closed before the connection/)
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await bob.page.goto('/settings/profile')
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await bob.page.locator('input[type="file"]').setInputFiles({
    name: 'me.png',
    mimeType: 'image/png',
    buffer: Buffer.from(png, 'base64'),
  })
  await expect(bob.page.getByRole('main').locator('img').first()).toBeVisible()
  await openChat(ada, bob)
  await say(ada, 'nice picture')
  await installed(page)
  await page.reload()
  const picture = page.getByRole('link', { name: /^Bob/ }).locator('img')
  await expect(picture).toBeVisible()
  await expect.poll(() => kept(page)).toBe(true)

  await page.context().setOffline(true)
  await page.reload()
  await expect
    .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0)
  await page.context().setOffline(false)

  await page.goto('/settings/account')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  await expect.poll(() => kept(page)).toBe(false)
})

test('a notification that is tapped brings its conversation', async ({ browser }) => {
  const ada = await newPerson(browser, 'Ada', options)
  const bob = await newPerson(browser, 'Bob')
  const { page } = ada
  await openChat(ada, bob)
  await say(ada, 'hello')
  const path = new URL(page.url()).pathname
  const worker = await installed(page)
  await page.context().grantPermissions(['notifications'])
  await page.goto('/people')
  await expect(page.getByRole('main')).toBeVisible()
  await worker.evaluate(async (path) => {
    const scope = self as unknown as Scope
    await scope.registration.showNotification('Bob', { data: { path } })
    const [notification] = await scope.registration.getNotifications()
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }))
  }, path)
  await expect(page).toHaveURL(new RegExp(`${path}$`))
  await expect(bubble(page, 'hello')).toBeVisible()
})
