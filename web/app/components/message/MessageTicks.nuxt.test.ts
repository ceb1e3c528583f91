import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it } from 'vitest'
import MessageTicks from './MessageTicks.vue'

describe('ticks', () => {
  it.each([
    ['sending', 'Sending'],
    ['sent', 'Sent'],
    ['delivered', 'Delivered'],
    ['read', 'Read'],
    ['failed', 'Not sent'],
  ] as const)('say %s in words', async (state, words) => {
    const wrapper = await mountSuspended(MessageTicks, { props: { state } })
    expect(wrapper.text()).toBe(words)
  })

  it('are in colour for what is read alone', async () => {
    const tone = async (state: 'delivered' | 'read') =>
      (await mountSuspended(MessageTicks, { props: { state } })).classes().join(' ')
    expect(await tone('read')).toContain('text-tick-read')
    expect(await tone('delivered')).not.toContain('text-tick')
  })
})
