// `make screenshots`: every page in both themes, at the width of a phone, a tablet and a desk.
import { defineConfig } from '@playwright/test'
import { baseURL, withMicrophone } from './browser'

export default defineConfig({
  testDir: './screenshots',
  outputDir: './test-results',
  workers: 1,
  timeout: 300_000,
  reporter: [['list']],
  use: {
    baseURL,
    // For the recorder.
    launchOptions: withMicrophone,
    locale: 'en-GB',
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
    actionTimeout: 10_000,
  },
})
