// `npm run figures`: how fast and how still the client is. Quiet the machine before.
import { defineConfig } from '@playwright/test'
import { baseURL, launchOptions } from './browser'

export default defineConfig({
  testDir: './figures',
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL,
    launchOptions,
    locale: 'en-GB',
    serviceWorkers: 'block',
    viewport: { width: 1440, height: 900 },
  },
})
