// What must never be seen in a browser's console or network.
import type { Page } from '@playwright/test'

/** Collects errors, warnings and requests to other hosts as they happen. */
export function watchFaults(page: Page): string[] {
  const faults: string[] = []
  page.on('console', (message) => {
    const text = message.text()
    // Playwright's own doing, by `serviceWorkers: 'block'`.
    if (text.includes('blocked by Playwright')) return
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${text}`)
  })
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`))
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    if (
      /^(http|ws)/.test(protocol) &&
      host !== new URL(page.url()).host &&
      page.url() !== 'about:blank'
    ) {
      faults.push(`another host: ${request.url()}`)
    }
  })
  return faults
}
