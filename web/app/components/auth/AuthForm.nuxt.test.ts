import { mountSuspended } from '@nuxt/test-utils/runtime'
import { describe, expect, it, vi } from 'vitest'
import { ApiError } from '~/api/error'
import AuthForm from './AuthForm.vue'

async function mount(mode: 'login' | 'register') {
  const wrapper = await mountSuspended(AuthForm, { props: { mode }, attachTo: document.body })
  const username = wrapper.get<HTMLInputElement>('input[autocomplete="username"]')
  const password = wrapper.get<HTMLInputElement>('input[autocomplete$="password"]')
  return { wrapper, username, password }
}

/** What is said of a field, to those who hear it too. */
const noteOf = (input: Element) =>
  document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent?.trim()

describe('the form of a stranger', () => {
  it('asks for what is missing, and leads to the first of it', async () => {
    const login = vi.spyOn(useSession(), 'login')
    const { wrapper, username, password } = await mount('login')
    await username.setValue('ada')
    await wrapper.get('form').trigger('submit')
    await nextTick()
    expect(username.attributes('aria-invalid')).toBe('false')
    expect(password.attributes('aria-invalid')).toBe('true')
    expect(noteOf(password.element)).toBe('This is needed.')
    expect(document.activeElement).toBe(password.element)
    expect(login).not.toHaveBeenCalled()
    wrapper.unmount()
  })

  it('judges a field when one is done with it, and no other', async () => {
    const { wrapper, username, password } = await mount('register')
    await password.setValue('short')
    await password.trigger('change')
    expect(noteOf(password.element)).toBe('At least 8 characters.')
    expect(username.attributes('aria-invalid')).toBe('false')
    await password.setValue('long enough')
    await password.trigger('change')
    expect(password.attributes('aria-invalid')).toBe('false')
    wrapper.unmount()
  })

  it('tells at its field what the server refuses, and sends once at a time', async () => {
    let refuse = (_: unknown) => {}
    const register = vi
      .spyOn(useSession(), 'register')
      .mockImplementation(() => new Promise((_, reject) => (refuse = reject)))
    const { wrapper, username, password } = await mount('register')
    await username.setValue('ada')
    await password.setValue('long enough')
    await wrapper.get('form').trigger('submit')
    await wrapper.get('form').trigger('submit')
    expect(register).toHaveBeenCalledTimes(1)
    refuse(new ApiError('conflict', 409))
    await vi.waitFor(() => expect(noteOf(username.element)).toBe('This username is taken.'))
    expect(wrapper.find('[role="alert"]').exists()).toBe(false)
    wrapper.unmount()
  })
})
