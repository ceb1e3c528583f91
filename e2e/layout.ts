// What a picture would show, measured.
import type { Locator, Page } from '@playwright/test'

/** Waits for what is still on its way to its place and size: a menu grows while it opens. */
const settled = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    // By then the page has heard of a new size of its window.
    await new Promise(requestAnimationFrame)
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map(({ finished }) => finished))
  })

/**
 * What sticks out of the window sideways: also where a frame around it cuts it off, which is how it
 * would go unseen. A text that ends in an ellipsis, and what is meant to be moved sideways, may.
 */
export async function sticksOut(page: Page): Promise<string[]> {
  await settled(page)
  return page.evaluate(() => {
    const meant = (element: Element) => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const { overflowX, overflowY, textOverflow } = getComputedStyle(at)
        const movable = ['auto', 'scroll'].includes(overflowX) && overflowY !== overflowX
        if (movable || textOverflow === 'ellipsis' || at.matches('pre, [role="tablist"]'))
          return true
        if (at.matches('.sr-only, [aria-hidden="true"]')) return true
      }
      return false
    }
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.right > innerWidth + 1 || box.left < -1))
      .filter(({ element }) => !meant(element))
      .map(({ element, box }) => `${Math.round(box.right)} ${element.outerHTML.slice(0, 120)}`)
  })
}

/** Where the time of a message, and what stands beside it, lies over a letter of its text. */
export async function covered(page: Page): Promise<string[]> {
  await settled(page)
  return page.locator('[data-bubble]').evaluateAll((bubbles) =>
    bubbles.flatMap((bubble) => {
      const meta = bubble.querySelector('time')?.parentElement
      if (!meta) return []
      const corner = meta.getBoundingClientRect()
      const texts = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT)
      const found: string[] = []
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const around = text.parentElement
        if (!around || meta.contains(text) || around.closest('.sr-only, .invisible')) continue
        const letters = new Range()
        letters.selectNodeContents(text)
        const lies = [...letters.getClientRects()].some(
          (box) =>
            Math.min(box.right, corner.right) - Math.max(box.left, corner.left) > 1 &&
            // The ends of two lines may touch.
            Math.min(box.bottom, corner.bottom) - Math.max(box.top, corner.top) > 6,
        )
        if (lies) found.push(`${text.textContent}`.slice(0, 80))
      }
      return found
    }),
  )
}

const TARGETS = [
  'a',
  'button',
  'input',
  'textarea',
  'select',
  '[role="tab"]',
  '[role="switch"]',
  '[role="menuitem"]',
  '[role="option"]',
].join()

/** What a finger can touch that is less than 44 pixels high or wide. A label counts as its field. */
export async function smallTargets(page: Page): Promise<string[]> {
  await settled(page)
  return page.evaluate((targets) => {
    const around = (element: HTMLElement) => {
      const labels = [...((element as HTMLInputElement).labels ?? [])]
      const boxes = [element, ...labels, element.closest('label')]
        .filter((part) => part !== null)
        .map((part) => part.getBoundingClientRect())
      return {
        width: Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ x }) => x)),
        height:
          Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ y }) => y)),
        bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
      }
    }
    return (
      [...document.querySelectorAll<HTMLElement>(targets)]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .filter((element) => !element.closest('.sr-only, [aria-hidden="true"]'))
        // In a line of text it is as high as the line.
        .filter((element) => !element.matches('p a, input[type="file"]'))
        .map((element) => ({ element, box: around(element) }))
        .filter(({ box }) => box.bottom > 0 && (box.width < 43.5 || box.height < 43.5))
        .map(({ element, box }) => {
          const size = `${Math.round(box.width)}×${Math.round(box.height)}`
          return `${size} ${element.outerHTML.slice(0, 160)}`
        })
    )
  }, TARGETS)
}

/** Fields that iOS zooms in on when they have the focus: their text is smaller than 16 pixels. */
export const smallFields = (page: Page): Promise<string[]> =>
  page
    .locator('textarea, select, input:not([type="checkbox"], [type="radio"], [type="file"])')
    .evaluateAll((fields) =>
      fields
        .map((field) => ({ field, size: parseFloat(getComputedStyle(field).fontSize) }))
        .filter(({ size }) => size < 16)
        .map(({ field, size }) => `${size} ${field.outerHTML.slice(0, 120)}`),
    )

/** How far the ground of something stands out from the one behind it, as WCAG counts it. */
export const contrast = (drawn: Locator): Promise<number> => standsOut(drawn, 'backgroundColor')

/** How far the ring of what has the focus does. */
export const ringContrast = (focused: Locator): Promise<number> =>
  standsOut(focused, 'outlineColor')

/** How far what is drawn in the colour of a text does. */
export const inkContrast = (drawn: Locator): Promise<number> => standsOut(drawn, 'color')

const standsOut = (
  drawn: Locator,
  part: 'backgroundColor' | 'outlineColor' | 'color',
): Promise<number> =>
  drawn.evaluate((element, part) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const pixel = (colour: string) => {
      canvas?.clearRect(0, 0, 1, 1)
      if (canvas) canvas.fillStyle = colour
      canvas?.fillRect(0, 0, 1, 1)
      return [...(canvas?.getImageData(0, 0, 1, 1).data ?? [])]
    }
    const lightness = (colour: string) => {
      const [r = 0, g = 0, b = 0] = pixel(colour).map((value) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const groundOf = (of: Element) => getComputedStyle(of).backgroundColor
    const opaque = (of: Element) => pixel(groundOf(of))[3] === 255
    let behind = element.parentElement
    while (behind && !opaque(behind)) behind = behind.parentElement
    const both = [
      lightness(getComputedStyle(element)[part]),
      behind ? lightness(groundOf(behind)) : NaN,
    ]
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)
  }, part)
