/** A dialog that is asked for: it opens, answers once, and is gone when it has left. */
import { expect, it } from 'vitest'
import { mountSuspended } from '@nuxt/test-utils/runtime'
import { FrameDialogs } from '#components'

const Question = defineComponent({
  props: { open: Boolean, text: { type: String, required: true } },
  emits: ['close', 'update:open', 'after:leave'],
  setup: (props, { emit }) => {
    return () => [
      h('p', { 'data-open': props.open }, props.text),
      h('button', { name: 'yes', onClick: () => emit('close', true) }),
      h('button', { name: 'escape', onClick: () => emit('update:open', false) }),
      h('button', { name: 'left', onClick: () => emit('after:leave') }),
    ]
  },
})

async function asked() {
  const wrapper = await mountSuspended(FrameDialogs)
  const answer = useDialogs()(Question, { text: 'Really?' })
  await nextTick()
  expect(wrapper.get('p').text()).toBe('Really?')
  expect(wrapper.get('p').attributes('data-open')).toBe('true')
  return {
    wrapper,
    answer,
    press: (name: string) => wrapper.get(`[name="${name}"]`).trigger('click'),
  }
}

it('answers with what it is closed with, and stays until it has left', async () => {
  const { wrapper, answer, press } = await asked()
  await press('yes')
  expect(await answer).toBe(true)
  expect(wrapper.get('p').attributes('data-open')).toBe('false')
  await press('left')
  expect(wrapper.find('p').exists()).toBe(false)
  wrapper.unmount()
})

it('answers with nothing where it is left without an answer', async () => {
  const { wrapper, answer, press } = await asked()
  await press('escape')
  expect(wrapper.get('p').attributes('data-open')).toBe('false')
  await press('left')
  expect(await answer).toBeUndefined()
  expect(wrapper.find('p').exists()).toBe(false)
  wrapper.unmount()
})
