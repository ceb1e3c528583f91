// Journeys through the whole system: `WARREN_RATE_LIMITS=off make up` first, then `npm test`.
import { defineConfig } from '@playwright/test'
import { baseURL, launchOptions } from './browser'

export default defineConfig({
  testDir: './tests',
  // A test that fails now and then is a bug, of the test or of the client: it is never run again.
  retries: 0,
  workers: 1,
  // Deadlines for a busy machine; nothing waits for them to pass.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    baseURL,
    actionTimeout: 20_000,
    launchOptions,
    locale: 'en-GB',
    // Without its film, which would take as much of the machine as the journeys.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true },
    // Its caches would carry assets of an older build from test to test.
    serviceWorkers: 'block',
    viewport: { width: 1440, height: 900 },
  },
})
