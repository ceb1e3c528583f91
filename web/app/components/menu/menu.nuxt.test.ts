import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it, vi } from 'vitest'
import MenuButton from './MenuButton.vue'
import MenuHost from './MenuHost.vue'

const settle = () => vi.waitUntil(() => document.querySelector('[role="menu"]'))

describe('the menu', () => {
  it('opens at its button by mouse and key, and does what is chosen', async () => {
    const chosen = vi.fn()
    const items = [[{ label: 'Pin', onSelect: chosen }]]
    await mountSuspended(MenuHost)
    const wrapper = await mountSuspended(MenuButton, {
      props: { label: 'More', items },
      attachTo: document.body,
    })
    const button = wrapper.get('button')
    expect(button.attributes('aria-expanded')).toBe('false')
    await button.trigger('keydown', { key: 'ArrowDown' })
    expect(button.attributes('aria-expanded')).toBe('true')
    const menu = await settle()
    expect(menu.textContent).toContain('Pin')
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.click()
    await vi.waitFor(() => expect(chosen).toHaveBeenCalledOnce())
    expect(useMenu().opened).toBeNull()
  })
})
