import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it } from 'vitest'
import type { Contact, User } from '~/api/wire'
import DetailsPerson from './DetailsPerson.vue'

const user = {
  id: 'bob',
  username: 'bob',
  display_name: 'Bob',
  about: '',
  avatar_url: null,
  deleted: false,
  created_at: '2026-11-28T09:30:00Z',
} as User
const contact = (alias: string | null) => ({ user, alias }) as Contact

describe('the name that one gives somebody', () => {
  it('stays as one writes it when the contact is told of again, and follows another window', async () => {
    const people = usePeople()
    people.putContact(contact(null))
    const details = await mountSuspended(DetailsPerson, { props: { user } })
    const field = details.get<HTMLInputElement>('input')
    await field.setValue('Robert')
    people.putContact(contact(null))
    await nextTick()
    expect(field.element.value).toBe('Robert')
    people.putContact(contact('Bobby'))
    await nextTick()
    expect(field.element.value).toBe('Bobby')
  })
})
