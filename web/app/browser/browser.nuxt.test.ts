/** What the shell asks of the browser: listening, waiting, and the habits of a device. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

let scope = effectScope()
beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('listening', () => {
  it('follows a target that changes, and ends with what listens', async () => {
    const [first, second] = [new EventTarget(), new EventTarget()]
    const target = shallowRef<EventTarget | null>(null)
    const heard = vi.fn()
    scope.run(() => useEventListener(target, ['pointerup', 'pointercancel'], heard))
    for (const now of [first, second]) {
      target.value = now
      await nextTick()
      now.dispatchEvent(new Event('pointerup'))
      now.dispatchEvent(new Event('pointercancel'))
    }
    expect(heard).toHaveBeenCalledTimes(4)
    first.dispatchEvent(new Event('pointerup'))
    scope.stop()
    second.dispatchEvent(new Event('pointerup'))
    expect(heard).toHaveBeenCalledTimes(4)
  })

  it('can be before what is inside hears', () => {
    const [outside, inside] = [document.createElement('div'), document.createElement('div')]
    outside.append(inside)
    const heard: string[] = []
    inside.addEventListener('click', () => heard.push('inside'))
    scope.run(() =>
      useEventListener(outside, 'click', () => heard.push('outside'), { capture: true }),
    )
    inside.click()
    scope.stop()
    inside.click()
    expect(heard).toEqual(['outside', 'inside', 'inside'])
  })

  it('is at the window where no target is named', () => {
    const focused = scope.run(useWindowFocus)
    window.dispatchEvent(new Event('focus'))
    expect(focused?.value).toBe(true)
    window.dispatchEvent(new Event('blur'))
    expect(focused?.value).toBe(false)
  })
})

describe('what happens later', () => {
  it('is counted from when it was last asked for, and can be taken back', () => {
    const act = vi.fn()
    const timer = scope.run(() => useTimeoutFn(act, 100, { immediate: false }))
    timer?.start()
    vi.advanceTimersByTime(60)
    timer?.start()
    vi.advanceTimersByTime(60)
    expect([act.mock.calls.length, timer?.isPending.value]).toEqual([0, true])
    vi.advanceTimersByTime(40)
    expect([act.mock.calls.length, timer?.isPending.value]).toEqual([1, false])
    timer?.start()
    timer?.stop()
    timer?.start()
    scope.stop()
    vi.advanceTimersByTime(200)
    expect(act).toHaveBeenCalledTimes(1)
  })

  it('takes the value that has stood still', async () => {
    const word = ref('')
    const settled = scope.run(() => refDebounced(word, 100))
    for (const now of ['w', 'wo', 'wor']) {
      word.value = now
      await vi.advanceTimersByTimeAsync(60)
    }
    expect(settled?.value).toBe('')
    await vi.advanceTimersByTimeAsync(40)
    expect(settled?.value).toBe('wor')
  })

  it('is waited for, at most so long', async () => {
    const count = ref(1)
    expect(await until(count).toBe(1)).toBe(1)
    const high = until(count).toMatch((now) => now > 2)
    count.value = 2
    count.value = 3
    count.value = 0
    expect(await high).toBe(3)
    const never = until(() => count.value).toBe(9, { timeout: 100 })
    await vi.advanceTimersByTimeAsync(100)
    expect(await never).toBe(0)
  })
})

describe('a habit', () => {
  it('is kept, and heard of in every tab', () => {
    localStorage.setItem('width', '260')
    const width = scope.run(() => useLocalStorage('width', 300))
    expect(width?.value).toBe(260)
    if (width) width.value = 280
    expect(localStorage.getItem('width')).toBe('280')
    localStorage.setItem('width', '310')
    window.dispatchEvent(new StorageEvent('storage', { key: 'width' }))
    expect(width?.value).toBe(310)
  })

  it('is a text as it stands, and whole where an older client kept less of it', () => {
    localStorage.setItem('density', 'compact')
    localStorage.setItem('looks', '{"on":true}')
    const kept = scope.run(() => ({
      density: useLocalStorage('density', 'comfortable'),
      looks: useLocalStorage('looks', { on: false, sound: true }),
    }))
    expect(kept?.density.value).toBe('compact')
    expect(kept?.looks.value).toEqual({ on: true, sound: true })
    if (kept) kept.density.value = 'comfortable'
    expect(localStorage.getItem('density')).toBe('comfortable')
  })

  it('is what it is at first where what is kept cannot be read', () => {
    localStorage.setItem('emoji', '{"half')
    const emoji = scope.run(() => useLocalStorage('emoji', ['one']))
    expect(emoji?.value).toEqual(['one'])
    emoji?.value.push('two')
    expect(localStorage.getItem('emoji')).toBe('["one","two"]')
  })

  it('of a tab alone is not heard of in others', async () => {
    sessionStorage.clear()
    const filter = scope.run(() => useSessionStorage<string>('filter', 'all'))
    if (filter) filter.value = 'unread'
    await nextTick()
    expect(sessionStorage.getItem('filter')).toBe('unread')
    expect(localStorage.getItem('filter')).toBeNull()
    expect(scope.run(() => useSessionStorage<string>('filter', 'all'))?.value).toBe('unread')
  })
})
