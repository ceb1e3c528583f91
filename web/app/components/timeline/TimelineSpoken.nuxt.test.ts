import { mountSuspended } from '@nuxt/test-utils/runtime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ShownMessage, TimelineItem } from '~/types/timeline'
import TimelineSpoken from './TimelineSpoken.vue'

function item(seq: number, body: string, of: Partial<ShownMessage> = {}, mine = false) {
  const message = {
    id: `m${seq}`,
    seq,
    sender_id: 'bob',
    kind: 'text',
    body,
    attachments: [],
    deleted_at: null,
    ...of,
  } as unknown as ShownMessage
  return { key: `k${seq}`, message, mine, state: null, failure: null } satisfies TimelineItem
}

async function spoken(items: TimelineItem[], live = true) {
  const wrapper = await mountSuspended(TimelineSpoken, {
    props: { items, live, group: false, name: 'Bob' },
  })
  return async (next: TimelineItem[], nowLive = true) => {
    await wrapper.setProps({ items: next, live: nowLive })
    vi.runAllTimers()
    return useVoice().said
  }
}

describe('what is spoken', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    useVoice().said = ''
  })
  afterEach(() => vi.useRealTimers())

  const first = item(1, 'one')
  const second = item(2, 'two')
  const third = item(3, 'three')

  it('is what comes, not what was there', async () => {
    const show = await spoken([first])
    expect(await show([first])).toBe('')
    expect(await show([first, second])).toBe('Bob: two')
  })

  it('is all of a burst', async () => {
    const show = await spoken([first])
    expect(await show([first, second, third])).toBe('Bob: two\nBob: three')
  })

  it('is nothing when the last is hidden', async () => {
    const show = await spoken([first, second])
    expect(await show([first])).toBe('')
  })

  it('is nothing on a jump to old messages, nor on the way back', async () => {
    const show = await spoken([second, third])
    expect(await show([first], false)).toBe('')
    expect(await show([second, third])).toBe('')
  })

  it('names files, and is silent about one’s own', async () => {
    const show = await spoken([first])
    const photo = item(2, '', {
      attachments: [{ name: 'map.png', content_type: 'image/png' }] as never,
    })
    expect(await show([first, photo])).toBe('Bob: map.png')
    expect(await show([first, photo, item(3, 'mine', {}, true)])).toBe('Bob: map.png')
  })
})
