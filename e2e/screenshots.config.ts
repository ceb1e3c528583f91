// `make screenshots`: every page in both themes, at the width of a phone, a tablet and a desk.
import { defineConfig } from '@playwright/test'
import { baseURL, launchOptions } from './browser'

export default defineConfig({
  testDir: './screenshots',
  outputDir: './test-results',
  workers: 1,
  timeout: 300_000,
  reporter: [['list']],
  use: {
    baseURL,
    launchOptions: {
      ...launchOptions,
      // A microphone, for the recorder.
      args: [
        ...launchOptions.args,
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
      ],
    },
    locale: 'en-GB',
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
    actionTimeout: 10_000,
  },
})
