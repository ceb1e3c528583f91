// A browser that is closed and started again: what it has kept is on the disk alone.
import {
  chromium,
  type BrowserContext,
  type LaunchOptions,
  type BrowserContextOptions,
} from '@playwright/test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchOptions } from './browser'
import { freshUsername, signedIn, type Person } from './person'
import { followServer } from './servers'

export interface Profile {
  /** Starts the browser; closing the context ends it. */
  start(options?: LaunchOptions & BrowserContextOptions): Promise<BrowserContext>
}

/** In a profile of its own, which is deleted afterwards. */
export async function inProfile(use: (profile: Profile) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warren-profile-'))
  const settings = { ...launchOptions, serviceWorkers: 'allow' as const }
  const started: BrowserContext[] = []
  try {
    await use({
      async start(options) {
        const context = await chromium.launchPersistentContext(folder, { ...settings, ...options })
        started.push(context)
        return context
      },
    })
  } finally {
    await Promise.all(started.map((context) => context.close()))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Someone new, in a browser that has started. */
export async function newPersonIn(context: BrowserContext, name: string): Promise<Person> {
  const username = freshUsername(name)
  const { cookies, origins } = await signedIn('register', { username, display_name: name })
  await context.addCookies(cookies)
  const page = await context.newPage()
  const server = followServer(page)
  await page.goto('/login')
  await page.evaluate(
    (items) => items.forEach(({ name, value }) => localStorage.setItem(name, value)),
    origins.flatMap(({ localStorage }) => localStorage),
  )
  return { page, name, username, server }
}
