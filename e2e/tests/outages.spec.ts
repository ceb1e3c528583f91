// What is left when a server, or every one of them, is gone.
import { bubble, composer, newPerson, openChat, say, tick } from '../person'
import { keepApart, killProcess, repairStack } from '../servers'
import { expect, test } from '../test'

test('a killed WebSocket server loses nothing and doubles nothing', async ({ browser, faults }) => {
  // The browser tells of the socket that broke, and of each attempt that the dead server refuses.
  faults.allow(/WebSocket connection to/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  await say(ada, 'ada before')
  await bob.page.getByRole('link', { name: /^Ada/ }).click()
  await keepApart(ada, bob)
  const dead = ada.server() ?? ''

  killProcess(dead)
  try {
    await say(bob, 'bob during')
    await say(ada, 'ada during')
    await expect.poll(ada.server).toBe(bob.server())
    await say(bob, 'bob after')
    await say(ada, 'ada after')
    for (const { page } of [ada, bob]) {
      const messages = page.getByRole('article')
      await expect(messages).toHaveCount(5)
      for (const text of ['ada before', 'bob during', 'ada during', 'bob after', 'ada after'])
        await expect(bubble(page, text)).toHaveCount(1)
      // Both said what they said in this order, whoever's came first between them.
      await expect(messages.filter({ hasText: 'bob' })).toContainText(['during', 'after'])
      await expect(messages.filter({ hasText: 'ada' })).toContainText(['before', 'during', 'after'])
    }
    await tick(ada, 'ada after', 'read')
    await tick(bob, 'bob after', 'read')
  } finally {
    await repairStack()
  }
})

test('without any server, what was read can be read again', async ({ browser, faults }) => {
  faults.allow(/ERR_FAILED/, /ERR_INTERNET_DISCONNECTED/)
  const ada = await newPerson(browser, 'Ada')
  const bob = await newPerson(browser, 'Bob')
  await openChat(ada, bob)
  for (const text of ['one', 'two', 'three']) await say(ada, text)
  await tick(ada, 'three', 'delivered')

  // The page comes, because a browser without a service worker has it from nowhere else.
  await ada.page.context().route('**/v1/**', (route) => route.abort())
  await ada.page.context().routeWebSocket('**/ws', (socket) => socket.close())
  await ada.page.reload()
  await expect(ada.page.getByRole('article')).toContainText(['one', 'two', 'three'])
  await say(ada, 'four')
  await tick(ada, 'four', 'sending')
  await ada.page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: 'Chats' })
    .click()
  await expect(ada.page.getByRole('link', { name: /^Bob/ })).toContainText('four')
  await expect(composer(ada.page)).toHaveCount(0)
})
