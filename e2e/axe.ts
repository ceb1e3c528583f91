// Accessibility as far as a program can judge it.
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What depends on colours, which a theme changes. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/** The whole page, or a part of it: what floats above a page is neither a landmark nor in one. */
export async function expectAccessible(page: Page, part?: string): Promise<void> {
  const axe = new AxeBuilder({ page }).withTags(TAGS)
  // Styles of a shadow tree would be loaded by one of axe's own, which the page's policy forbids; what
  // they are read for is a matter of whole pages.
  if (part) axe.include(part).options({ preload: false })
  expect(await judge(page, axe)).toBeGreaterThan(5)
}

/** The whole page in the light, and what the dark changes of it. */
export async function expectAccessibleInBothThemes(page: Page): Promise<void> {
  await expectAccessible(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect(page.locator('html')).toHaveClass(/\bdark\b/)
  expect(await judge(page, new AxeBuilder({ page }).withRules(COLOURS))).toBeGreaterThan(0)
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Finds nothing, and says how many rules have been kept. */
async function judge(page: Page, axe: AxeBuilder): Promise<number> {
  const { violations, passes } = await axe.analyze()
  const found = violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
  }))
  expect(found, page.url()).toEqual([])
  return passes.length
}
