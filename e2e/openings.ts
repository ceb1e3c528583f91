// What opens beside or above a conversation, and how.
import { expect, type Browser, type Locator, type Page } from '@playwright/test'
import { clientOf } from './api'
import type { Demo } from './demo'
import { bubble, composer, signedIn } from './person'

export const FLOATING = '[role="dialog"], [role="menu"]'
export const THEIRS = 'That is all?'
export const MINE = 'That is all. The rest is tests.'

/** A sign that somebody painted, as a picture. */
export async function paintSign(page: Page, text: string, colour: string): Promise<Buffer> {
  await page.setViewportSize({ width: 900, height: 600 })
  await page.setContent(
    `<body style="margin:0;height:100vh;display:grid;place-content:center;background:${colour};` +
      `color:#fff8e7;font:600 88px Georgia,serif;text-align:center">${text}</body>`,
  )
  return page.screenshot()
}

/** What a chat must hold for all of it to open: a reaction, and pictures. */
export async function furnish(browser: Browser, demo: Demo): Promise<void> {
  const { ask } = await clientOf(demo)
  const { items: messages } = await ask<{ items: { id: string; body: string }[] }>(
    'GET',
    `/conversations/${demo.direct}/messages`,
  )
  const liked = messages.find(({ body }) => body === THEIRS)?.id
  await ask('PUT', `/conversations/${demo.direct}/messages/${liked}/reactions/👍`)

  const storageState = await signedIn('login', { username: demo.username })
  const context = await browser.newContext({ storageState })
  const painter = await context.newPage()
  const pictures = {
    'sign.png': await paintSign(
      painter,
      'The<br>Burrow',
      'linear-gradient(135deg,#7c3f1d,#c98b3c)',
    ),
    'back.png': await paintSign(painter, 'Tea at four', 'linear-gradient(135deg,#14532d,#5b8c5a)'),
  }
  const page = await context.newPage()
  await page.goto(`/chats/${demo.direct}`)
  await expect(composer(page)).toBeVisible()
  await page
    .locator('input[type=file][multiple]')
    .setInputFiles(
      Object.entries(pictures).map(([name, buffer]) => ({ name, mimeType: 'image/png', buffer })),
    )
  await page.getByRole('button', { name: 'Send message' }).click()
  await expect(page.getByRole('button', { name: 'Show sign.png' })).toBeVisible()
  await context.close()
}

export async function messageMenu(page: Page, text: string, item?: string) {
  await bubble(page, text).locator('[data-bubble]').click({ button: 'right' })
  if (item) await page.getByRole('menuitem', { name: item }).click()
}

async function chatMenu(page: Page, item?: string) {
  await page.getByRole('button', { name: 'Actions for Grace Hopper' }).click()
  if (item) await page.getByRole('menuitem', { name: item }).click()
}

/** By name: what opens it beside a conversation. Each tells what is seen once it is there. */
export const OPENINGS: Record<string, (page: Page) => Promise<Locator>> = {
  'menu of a chat': async (page) => {
    await chatMenu(page)
    return page.getByRole('menuitem', { name: 'Archive' })
  },
  'menu of a message': async (page) => {
    await messageMenu(page, THEIRS)
    return page.getByRole('menuitem', { name: 'Copy text' })
  },
  'emoji used last': async (page) => {
    await bubble(page, THEIRS).focus()
    await page.keyboard.press('e')
    return page.getByRole('button', { name: 'React with 👍' })
  },
  'board of emoji': async (page) => {
    await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    return page.locator('emoji-picker').getByRole('menuitem').first()
  },
  'do not disturb': async (page) => {
    await page.getByRole('button', { name: 'Do not disturb' }).click()
    return page.getByRole('menuitem', { name: 'Until tomorrow morning' })
  },
  lightbox: async (page) => {
    await page.getByRole('button', { name: 'Show sign.png' }).click()
    return page.getByRole('dialog').getByRole('img', { name: 'sign.png' })
  },
  'new chat': async (page) => {
    await page.getByRole('button', { name: 'New chat' }).click()
    return page.getByRole('dialog').getByText('Grace Hopper').first()
  },
  'new group': async (page) => {
    await page.getByRole('button', { name: 'New group' }).click()
    return page.getByRole('dialog').getByRole('button', { name: 'Create group' })
  },
  question: async (page) => {
    await chatMenu(page, 'Clear messages')
    return page.getByRole('dialog').getByRole('button', { name: 'Clear messages' })
  },
  deleting: async (page) => {
    await messageMenu(page, MINE, 'Delete')
    return page.getByRole('dialog').getByRole('button', { name: 'Delete for everyone' })
  },
  forwarding: async (page) => {
    await messageMenu(page, THEIRS, 'Forward')
    return page.getByRole('dialog').getByRole('checkbox', { name: /^Grace Hopper/ })
  },
  reactions: async (page) => {
    await messageMenu(page, THEIRS, 'Reactions')
    return page.getByRole('dialog').getByText('You', { exact: true })
  },
  'seen by': async (page) => {
    await messageMenu(page, MINE, 'Seen by')
    return page.getByRole('dialog').getByText('Grace Hopper').first()
  },
  palette: async (page) => {
    await page.keyboard.press('Control+k')
    return page.getByRole('option', { name: 'Grace Hopper' })
  },
  shortcuts: async (page) => {
    await page.keyboard.press('Control+/')
    return page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  },
}
