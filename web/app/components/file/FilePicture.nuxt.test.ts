import { mountSuspended } from '@nuxt/test-utils/runtime'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Picture } from '~/files/layout'
import FilePicture from './FilePicture.vue'
// It is loaded when it is needed: here it is there before, however slow the machine is.
import './FileVeil.vue'

vi.mock('~/api/client', async (original) => ({
  ...(await original<object>()),
  ok: (answer: unknown) => answer,
  api: {
    POST: async (_path: string, { body: { ids } }: { body: { ids: string[] } }) => ({
      items: ids.map((id) => ({ id, url: `/${id}`, thumbnail_url: `/${id}/small` })),
    }),
  },
}))

/** The hash of a sunrise, from the page of ThumbHash. */
const PLACEHOLDER = '1QcSHQRnh493V4dIh4eXh1h4kJUI'
const picture = { id: 'p', name: 'sunrise', width: 4, height: 3, size: 1 } as Picture

async function shown(file: Picture, whole = false) {
  const wrapper = await mountSuspended(FilePicture, { props: { file, whole } })
  await vi.waitUntil(() => wrapper.find('img').exists())
  const veil = () => wrapper.find<HTMLElement>('[data-veil]')
  const img = wrapper.get('img')
  return { img, veil, background: () => veil().element.style.backgroundImage }
}

describe('a picture', () => {
  beforeEach(() => setActivePinia(createPinia()))

  it('has its colours over it until its bytes are there', async () => {
    const { img, veil, background } = await shown({ ...picture, placeholder: PLACEHOLDER })
    await vi.waitUntil(() => veil().exists())
    expect(background()).toMatch(/^url\("data:image\/png;base64,[^"]+"\)$/)
    expect(img.classes()).not.toContain('opacity-0')
    await img.trigger('load')
    await vi.waitUntil(() => !veil().exists())
  })

  it('that is shown whole has its small one over it before, and that has its colours', async () => {
    const { img, veil, background } = await shown({ ...picture, placeholder: PLACEHOLDER }, true)
    await vi.waitUntil(() => veil().exists())
    expect(img.attributes('src')).toBe('/p')
    expect(background()).toMatch(/^url\("\/p\/small"\),\s*url\("data:image/)
  })

  it('comes out of nothing where its colours are not known, or make no sense', async () => {
    const plain = await shown(picture)
    expect(plain.veil().exists()).toBe(false)
    expect(plain.img.classes()).toContain('opacity-0')
    await plain.img.trigger('load')
    expect(plain.img.classes()).not.toContain('opacity-0')

    const broken = await shown({ ...picture, placeholder: '%' })
    await vi.waitUntil(() => broken.veil().exists())
    expect(broken.background()).toBe('')
  })
})
