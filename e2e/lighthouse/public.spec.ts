// The marks that Lighthouse gives to the public pages, at a desk and on a phone.
import { chromium, expect, test, type Browser } from '@playwright/test'
import lighthouse, { type Config, type Flags } from 'lighthouse'
import desk from 'lighthouse/core/config/desktop-config.js'
import { createServer, type AddressInfo } from 'node:net'
import { baseURL, launchOptions } from '../browser'

const PAGES = ['/', '/login', '/register']
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo']
const DEVICES: Record<string, { config?: Config; performance: number }> = {
  desk: { config: desk, performance: 95 },
  // A phone of the middle class on a slow network, as Lighthouse reckons it.
  phone: { performance: 85 },
}
/** The mark for speed differs from run to run: the middle one counts. */
const RUNS = 3

let browser: Browser
let port: number

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test.beforeAll(async () => {
  port = await freePort()
  const args = [...launchOptions.args, `--remote-debugging-port=${port}`]
  browser = await chromium.launch({ ...launchOptions, args })
})
test.afterAll(() => browser.close())

/** The marks of each category, of 100, and what has cost some. */
async function judge(url: string, config?: Config) {
  const flags: Flags = { port, logLevel: 'error', onlyCategories: CATEGORIES }
  const result = await lighthouse(url, flags, config)
  if (!result || result.lhr.runtimeError) {
    throw new Error(`${url}: ${result?.lhr.runtimeError?.message ?? 'no answer'}`)
  }
  const { categories, audits } = result.lhr
  const marks: Partial<Record<string, number>> = {}
  const lost: string[] = []
  for (const { id, score, auditRefs } of Object.values(categories)) {
    marks[id] = Math.round((score ?? 0) * 100)
    for (const ref of auditRefs) {
      const { score: part, title, displayValue = '' } = audits[ref.id] ?? {}
      if (ref.weight > 0 && part !== null && part !== undefined && part < 0.9)
        lost.push(`${id}: ${title} ${displayValue}`)
    }
  }
  return { marks, lost }
}

const middle = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

for (const [device, { config, performance }] of Object.entries(DEVICES)) {
  for (const path of PAGES) {
    test(`${path} ${device}`, async () => {
      const runs: Awaited<ReturnType<typeof judge>>[] = []
      for (let run = 0; run < RUNS; run += 1) runs.push(await judge(`${baseURL}${path}`, config))
      const marks = CATEGORIES.map((id) => ({
        id,
        mark: middle(runs.map(({ marks }) => marks[id] ?? 0)),
      }))
      const line = marks.map(({ id, mark }) => `${id} ${mark}`).join('   ')
      console.log(`${device.padEnd(6)} ${path.padEnd(10)} ${line}`)
      const lost = [...new Set(runs.flatMap(({ lost }) => lost))].join('\n')
      for (const { id, mark } of marks) {
        const least = id === 'performance' ? performance : 100
        expect.soft(mark, `${id}\n${lost}`).toBeGreaterThanOrEqual(least)
      }
    })
  }
}
