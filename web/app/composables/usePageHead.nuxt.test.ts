/** What a page is called while parts of it come and go. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { mountSuspended } from '@nuxt/test-utils/runtime'
import { FrameTitle } from '#components'

const scopes: ReturnType<typeof effectScope>[] = []
beforeEach(() => {
  document.title = ''
})
afterEach(() => {
  for (const scope of scopes.splice(0)) scope.stop()
})

function part(says: () => void) {
  const scope = effectScope()
  scopes.push(scope)
  scope.run(says)
  return scope
}

it('is called after the part that came last, in the frame that is around it', async () => {
  const count = ref(0)
  const shell = part(() => useTitleFrame((title) => `(${count.value}) ${title} · Warren`))
  part(() => usePageHead({ title: () => 'Settings' }))
  const section = part(() => usePageHead({ title: () => 'Profile' }))
  const wrapper = await mountSuspended(FrameTitle)
  expect(document.title).toBe('(0) Profile · Warren')
  count.value = 2
  await nextTick()
  expect(document.title).toBe('(2) Profile · Warren')
  section.stop()
  await nextTick()
  expect(document.title).toBe('(2) Settings · Warren')
  shell.stop()
  await nextTick()
  expect(document.title).toBe('Settings')
  wrapper.unmount()
})

it('is said aloud where another page comes, not as the first comes', async () => {
  const first = part(() => usePageHead({ title: () => 'Chats' }))
  const wrapper = await mountSuspended(FrameTitle)
  expect(wrapper.get('[role="status"]').text()).toBe('')
  // The next one is there before the one before it goes.
  part(() => usePageHead({ title: () => 'People' }))
  first.stop()
  await nextTick()
  await nextTick()
  expect(wrapper.get('[role="status"]').text()).toBe('People')
  wrapper.unmount()
})
