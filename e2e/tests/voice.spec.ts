// Voice messages, spoken by the beeping microphone that Chromium brings for tests.
import type { Locator, Page } from '@playwright/test'
import { expectAccessible, expectAccessibleInBothThemes } from '../axe'
import { withMicrophone } from '../browser'
import { bubble, composer, pairIn, say } from '../person'
import { expect, test } from '../test'

test.use({ launchOptions: withMicrophone })

/** So long that what went on during a pause is heard, or counted, for certain. */
const PAUSE_MS = 2500

const record = (page: Page) => page.getByRole('button', { name: 'Record a voice message' })
const recorder = (page: Page) => page.getByRole('group', { name: 'Voice message being recorded' })
const tray = (page: Page) => page.getByRole('list', { name: 'Files of the next message' })
const player = (page: Page) => page.getByTestId('player')

/** Whether a line of it is longer than the dot that stands for silence. */
const showsSound = (shape: Locator) =>
  expect
    .poll(async () =>
      (
        await shape
          .locator('path')
          .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')))
      )
        .join('')
        .match(/ 0\.[0-3]\d*V/),
    )
    .not.toBeNull()

/** Remembers the microphones that are opened from now on. */
const watchMicrophones = (page: Page) =>
  page.evaluate(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    const streams: MediaStream[] = []
    Object.assign(window, { streams })
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await open(constraints)
      streams.push(stream)
      return stream
    }
  })
const microphones = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { streams: MediaStream[] }).streams.flatMap((stream) =>
      stream.getTracks().map(({ readyState }) => readyState),
    ),
  )

test('a voice message is spoken, sent and heard, by key alone', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'listen')
  await watchMicrophones(ada.page)
  await composer(ada.page).focus()
  const before = await composer(ada.page).boundingBox()
  const begun = Date.now()
  await record(ada.page).press('Enter')
  await expect(recorder(ada.page)).toBeFocused()
  await expect(recorder(ada.page).getByRole('timer')).toHaveText(/0:0[1-9]/)
  await showsSound(recorder(ada.page))
  expect(await microphones(ada.page)).toEqual(['live'])
  await recorder(ada.page).getByRole('button', { name: 'Pause recording' }).press('Enter')
  const paused = Date.now()
  await expect.poll(() => Date.now() - paused).toBeGreaterThan(PAUSE_MS)
  const pausedMs = Date.now() - paused
  await recorder(ada.page).getByRole('button', { name: 'Go on recording' }).press('Enter')
  await expect(recorder(ada.page).getByRole('timer')).toHaveText(/0:0[3-9]/)
  await recorder(ada.page).press('Enter')
  const spokenMs = Date.now() - begun - pausedMs
  await expect(composer(ada.page)).toBeFocused()
  expect(await microphones(ada.page)).toEqual(['ended'])
  expect(await composer(ada.page).boundingBox()).toEqual(before)

  const sound = player(bob.page)
  await expect(sound).toContainText(/0:00 \/ 0:\d\d/)
  await expect(bob.page.getByRole('link', { name: /^Ada/ })).toContainText(
    /Voice message \(0:\d\d\)/,
  )
  const place = await sound.boundingBox()
  await showsSound(sound)
  // What is heard of it is as long as what its name says, and no longer than one spoke.
  const named = await bob.page.getByRole('link', { name: /^Ada/ }).textContent()
  const [length, seconds] = /\d:(\d\d)(?=\W*\))/.exec(named ?? '') ?? []
  await expect(sound).toContainText(`/ ${length}`)
  expect(Number(seconds)).toBeLessThanOrEqual(Math.ceil(spokenMs / 1000))
  expect(await sound.boundingBox()).toEqual(place)

  const where = sound.getByRole('slider', { name: /^Position: Voice message/ })
  const at = async () => Number(await where.inputValue())
  await sound.getByRole('button', { name: /^Play: Voice message/ }).press('Enter')
  await expect.poll(at).toBeGreaterThan(0.2)
  await sound.getByRole('button', { name: /^Pause: / }).press('Enter')
  await where.press('Home')
  await expect.poll(at).toBe(0)
  await where.press('ArrowRight')
  await expect.poll(at).toBe(1)
  await expect(where).toHaveAttribute('aria-valuetext', /^0:01 of 0:\d\d$/)
  await sound.getByRole('button', { name: 'Speed 1×' }).press('Enter')
  await expect(sound.getByRole('button', { name: 'Speed 1.5×' })).toBeVisible()
  await sound.getByRole('button', { name: /^Play: / }).press('Enter')
  // It goes on from there to its end, and is ready for the next time.
  await expect(sound.getByRole('button', { name: /^Pause: / })).toBeVisible()
  await expect(sound.getByRole('button', { name: /^Play: / })).toBeVisible()
  expect(await at()).toBe(0)
  await expectAccessibleInBothThemes(bob.page)
  await expectAccessibleInBothThemes(ada.page)

  const download = bob.page.waitForEvent('download')
  await sound.click({ button: 'right', position: { x: 100, y: 2 } })
  await bob.page.getByRole('menuitem', { name: 'Save voice message' }).click()
  expect((await download).suggestedFilename()).toMatch(/^voice-[\d.-]+s\.webm$/)

  // While one chooses, its slider is a part of what is chosen.
  await bubble(bob.page, 'listen').locator('[data-bubble]').click({ button: 'right' })
  await bob.page.getByRole('menuitem', { name: 'Select' }).click()
  const middle = await where.boundingBox()
  await bob.page.mouse.click(
    (middle?.x ?? 0) + (middle?.width ?? 0) / 2,
    (middle?.y ?? 0) + (middle?.height ?? 0) / 2,
  )
  await expect(bob.page.getByRole('group', { name: 'Chosen messages' })).toContainText('2 chosen')
  expect(await at()).toBe(0)
  await bob.page.keyboard.press('Escape')

  await bob.page.setViewportSize({ width: 320, height: 640 })
  await expect(sound).toBeVisible()
  expect(await bob.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
})

test('nothing that was said is lost without a word', async ({ browser }) => {
  const [ada, bob] = await pairIn(browser, 'listen')
  const { page } = ada
  await page.evaluate(() => {
    const { mediaDevices } = navigator
    const open = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = async () => {
      mediaDevices.getUserMedia = open
      throw new DOMException('', 'NotAllowedError')
    }
  })
  await record(page).click()
  await expect(recorder(page).getByRole('alert')).toContainText('not allowed')
  await expectAccessible(page)
  await recorder(page).getByRole('button', { name: 'Try again' }).click()
  await expect(recorder(page).getByRole('timer')).toHaveText(/0:0[1-9]/)
  await expectAccessibleInBothThemes(page)

  await page.keyboard.press('Escape')
  await expect(recorder(page)).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(tray(page)).toContainText(/Voice message \(0:\d\d\)/)
  await tray(page)
    .getByRole('button', { name: /^Remove Voice message/ })
    .click()

  await record(page).click()
  await expect(recorder(page).getByRole('timer')).toHaveText(/0:0[1-9]/)
  await page.getByRole('link', { name: 'People' }).click()
  await expect(page.getByText('waits in its chat', { exact: false }).first()).toBeVisible()
  await page.goBack()
  await expect(tray(page)).toContainText(/Voice message \(0:\d\d\)/)
  await page.getByRole('button', { name: 'Send message' }).click()
  await expect(player(page)).toBeVisible()

  // What is written meanwhile does not wait for it, and one may speak on.
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  await page.route('**/v1/uploads', async (route) => {
    await held
    await route.continue()
  })
  await record(page).click()
  await expect(recorder(page).getByRole('timer')).toHaveText(/0:0[1-9]/)
  await recorder(page).getByRole('button', { name: 'Send voice message' }).click()
  await expect(tray(page).getByRole('progressbar')).toBeVisible()
  await say(ada, 'it comes later')
  await expect(bubble(bob.page, 'it comes later')).toBeVisible()
  await expect(record(page)).toBeEnabled()
  await expect(player(page)).toHaveCount(1)
  release()
  await expect(tray(page)).toHaveCount(0)
  await expect(bob.page.getByRole('article').last()).toContainText('/ 0:0')
})
