// Accessibility as far as a program can judge it.
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** The whole page, or a part of it: what floats above a page is neither a landmark nor in one. */
export async function expectAccessible(page: Page, part?: string): Promise<void> {
  const axe = new AxeBuilder({ page })
  // Styles of a shadow tree would be loaded by one of axe's own, which the page's policy forbids; what
  // they are read for is a matter of whole pages.
  if (part) axe.include(part).options({ preload: false })
  const { violations, passes } = await axe.withTags(TAGS).analyze()
  const found = violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes
      .slice(0, 5)
      .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
  }))
  expect(passes.length).toBeGreaterThan(5)
  expect(found, page.url()).toEqual([])
}
