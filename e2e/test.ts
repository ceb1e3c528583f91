// The `test` of every spec. It watches each window that a spec opens, and fails by what must never be
// seen there: an error or a warning in the console, an exception, a request to another host.
import { test as plain, expect, type BrowserContext } from '@playwright/test'
import { baseURL } from './browser'

export { expect }

export interface Faults {
  /** What this test provokes: a refusal is an error in the console of the browser that shows it. */
  allow(...expected: RegExp[]): void
  /** Watches a browser that the test starts itself. */
  follow(context: BrowserContext): void
}

export const test = plain.extend<{ faults: Faults }>({
  faults: [
    async ({ browser }, use) => {
      const found: string[] = []
      const allowed: RegExp[] = [
        // Playwright's own doing, by `serviceWorkers: 'block'`.
        /blocked by Playwright/,
        // Another program of this machine has changed its network, as a container does that begins or
        // ends; the journey shows whether the page came through.
        /ERR_NETWORK_CHANGED/,
      ]
      const follow = (context: BrowserContext) => watch(context, (fault) => found.push(fault))
      browser.contexts().forEach(follow)
      browser.on('context', follow)
      await use({ allow: (...expected) => allowed.push(...expected), follow })
      browser.off('context', follow)
      // Nobody of this test is online in the next one.
      await Promise.all(browser.contexts().map((context) => context.close()))
      expect(found.filter((fault) => !allowed.some((pattern) => pattern.test(fault)))).toEqual([])
    },
    { auto: true },
  ],
})

function watch(context: BrowserContext, fault: (text: string) => void) {
  const home = new URL(baseURL).host
  const visit = (address: string) => {
    const { protocol, host } = new URL(address)
    if (/^(http|ws)s?:$/.test(protocol) && host !== home) fault(`another host: ${address}`)
  }
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      fault(`${message.type()}: ${message.text()} (${message.location().url})`)
    }
  })
  context.on('weberror', (error) => fault(`exception: ${error.error().message}`))
  context.on('request', (request) => visit(request.url()))
  context.on('page', (page) => page.on('websocket', (socket) => visit(socket.url())))
}
