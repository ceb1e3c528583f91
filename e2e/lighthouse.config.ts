// `make lighthouse`: the public pages as Lighthouse judges them. Quiet the machine before.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: './lighthouse',
  workers: 1,
  timeout: 240_000,
  reporter: [['list']],
})
