import { fileURLToPath } from 'node:url'
import { defineVitestProject } from '@nuxt/test-utils/config'
import { defineConfig } from 'vitest/config'

const app = fileURLToPath(new URL('./app', import.meta.url))

// `*.test.ts` are rules and need no browser; `*.nuxt.test.ts` mount components in Nuxt.
export default defineConfig(async () => ({
  test: {
    projects: [
      {
        resolve: { alias: { '~': app } },
        test: {
          name: 'rules',
          environment: 'node',
          include: ['app/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: ['**/*.nuxt.test.ts'],
        },
      },
      await defineVitestProject({
        test: {
          name: 'components',
          environment: 'nuxt',
          // The first of them starts all of Nuxt, and has it compiled.
          hookTimeout: 60_000,
          testTimeout: 60_000,
          environmentOptions: { nuxt: { domEnvironment: 'happy-dom' } },
          include: ['app/**/*.nuxt.test.ts'],
        },
      }),
    ],
  },
}))
