import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it } from 'vitest'
import UButton from './UButton.vue'

describe('a button', () => {
  it('does nothing while what it does is not done', async () => {
    let done = () => {}
    let presses = 0
    const onClick = () => {
      presses += 1
      return new Promise<void>((resolve) => (done = resolve))
    }
    const wrapper = await mountSuspended(UButton, {
      props: { label: 'Go', loadingAuto: true, onClick },
    })
    const button = wrapper.get('button')
    expect(button.attributes('type')).toBe('button')
    await button.trigger('click')
    expect(button.attributes()).toHaveProperty('disabled')
    await button.trigger('click')
    expect(presses).toBe(1)
    done()
    await new Promise((resolve) => setTimeout(resolve))
    expect(button.attributes()).not.toHaveProperty('disabled')
  })

  it('is a link where it leads somewhere', async () => {
    const wrapper = await mountSuspended(UButton, { props: { label: 'Chats', to: '/chats' } })
    expect(wrapper.get('a').attributes('href')).toBe('/chats')
    expect(wrapper.get('a').attributes()).not.toHaveProperty('type')
    const out = await mountSuspended(UButton, { props: { label: 'API', href: '/docs/' } })
    expect(out.get('a').attributes('href')).toBe('/docs/')
  })

  it('is square for an icon alone, and has one look for each colour', async () => {
    const icon = await mountSuspended(UButton, { props: { icon: 'i-lucide-x', color: 'error' } })
    expect(icon.classes()).toContain('p-1.5')
    expect(icon.classes()).toContain('bg-error')
    // Also where a finger makes it wider than its icon.
    expect(icon.classes()).toContain('justify-center')
    const words = await mountSuspended(UButton, { slots: { default: () => 'Words' } })
    expect(words.classes()).toContain('px-2.5')
    expect(words.classes()).not.toContain('justify-center')
  })
})
