// Debian's Chromium, as all tests and screenshots start it.
export const baseURL = process.env.WARREN_E2E_URL ?? 'http://localhost:8080'

export const launchOptions = {
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

/** The same, with a microphone that beeps and that every page may use. */
export const withMicrophone = {
  ...launchOptions,
  args: [
    ...launchOptions.args,
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
}
