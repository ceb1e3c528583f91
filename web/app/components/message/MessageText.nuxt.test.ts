import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it } from 'vitest'
import MessageText from './MessageText'

const html = async (body: string, props = {}) =>
  (await mountSuspended(MessageText, { props: { body, ...props } })).html()

describe('a message on the page', () => {
  it('shows markup as the text it is', async () => {
    const wrapper = await mountSuspended(MessageText, {
      props: { body: '<img src=x onerror=alert(1)> **<b>x</b>**' },
    })
    expect(wrapper.find('img').exists()).toBe(false)
    expect(wrapper.find('b').exists()).toBe(false)
    expect(wrapper.text()).toContain('<img src=x onerror=alert(1)> <b>x</b>')
  })

  it('opens links elsewhere, without a way back, and shows where named ones lead', async () => {
    const link = (
      await mountSuspended(MessageText, { props: { body: '[bank](https://evil.example/x)' } })
    ).get('a')
    expect(link.attributes()).toMatchObject({
      target: '_blank',
      rel: 'noopener noreferrer nofollow',
    })
    expect(link.text()).toBe('bank(evil.example)')
  })

  it('lets each paragraph find its direction', async () => {
    expect(await html('مرحبا')).toContain('dir="auto"')
  })

  it('marks who is meant, the reader most of all, and nobody else', async () => {
    const wrapper = await mountSuspended(MessageText, {
      props: { body: '@ada and @bob, not @nobody', names: ['ada', 'bob'], self: 'ada' },
    })
    const marked = wrapper.findAll('bdi')
    expect(marked.map((mark) => mark.text())).toEqual(['@ada', '@bob'])
    expect(marked.map((mark) => mark.classes().includes('bg-highlight'))).toEqual([true, false])
    expect(wrapper.text()).toContain('not @nobody')
  })

  it('keeps room for the time at the end of the last line, and a line for it below code', async () => {
    expect(await html('hello', { room: '09:30' })).toMatch(
      /hello<span[^>]*aria-hidden="true"[^>]*>09:30/,
    )
    expect(await html('مرحبا', { room: '09:30' })).toMatch(/مرحبا<span[^>]*>09:30/)
    expect(await html('```\nx\n```', { room: '09:30' })).not.toContain('09:30')
  })

  it('hides a spoiler from every reader until it is asked for', async () => {
    const body = 'He ||dies, see [it](https://a.example/) **soon**||.'
    for (const ask of [
      ['click'],
      ['keydown', { key: 'Enter' }],
      ['keydown', { key: ' ' }],
    ] as const) {
      const wrapper = await mountSuspended(MessageText, { props: { body } })
      const spoiler = wrapper.get('[role="button"]')
      expect(spoiler.attributes()).toMatchObject({ tabindex: '0', 'aria-label': 'Show spoiler' })
      expect(wrapper.get('[inert]').attributes('aria-hidden')).toBe('true')
      expect(wrapper.get('[inert]').classes()).toContain('invisible')
      await spoiler.trigger('keydown', { key: 'a' })
      expect(wrapper.find('[inert]').exists()).toBe(true)

      await spoiler.trigger(...(ask as ['click']))
      expect(wrapper.find('[role="button"], [inert], [aria-hidden]').exists()).toBe(false)
      expect(wrapper.text()).toBe('He dies, see it(a.example) soon.')
      expect(wrapper.get('a').attributes('href')).toBe('https://a.example/')
      // The focus stays where it was.
      expect(wrapper.get('[tabindex="-1"]').element).toBe(spoiler.element)
    }
  })

  it('shows three emoji large, and four as text', async () => {
    expect(await html('🐰🥕🎉')).toContain('text-4xl')
    expect(await html('🐰🥕🎉🎉')).not.toContain('text-4xl')
  })
})
