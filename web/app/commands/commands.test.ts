import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FOREVER } from '~/attention/forever'
import type { ConversationRow } from '~/types/conversation'
import { commandsAt, obey, type Hands } from './commands'

const NOW = new Date('2026-11-30T12:00:00.000Z')
const direct = { id: 'd', groupId: null, pinned: true, archived: false } as ConversationRow
const channel = { ...direct, id: 'c', groupId: 'g' } as ConversationRow

function handsOf({ admin = false, quiet = false, saves = true } = {}) {
  return {
    administers: () => admin,
    mute: vi.fn(),
    archive: vi.fn(),
    pin: vi.fn(),
    leave: vi.fn(),
    invite: vi.fn(),
    search: vi.fn(),
    setTopic: vi.fn(async () => saves),
    quiet: { on: quiet, begin: vi.fn(), end: vi.fn() },
  } satisfies Hands
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }))
afterEach(() => vi.useRealTimers())

describe('what is no command', () => {
  it.each([
    ['/usr/bin is full', '/usr/bin is full'],
    ['/nothing of the kind', '/nothing of the kind'],
    ['/', '/'],
    ['//mute', '/mute'],
    ['//', '/'],
  ])('%s is sent', async (written, text) => {
    expect(await obey(written, direct, handsOf())).toEqual({ type: 'send', text })
  })
})

describe('a command', () => {
  it.each([
    ['/mute', FOREVER],
    ['/mute 30m', '2026-11-30T12:30:00.000Z'],
    ['/MUTE  2H', '2026-11-30T14:00:00.000Z'],
    ['/mute 1 d', '2026-12-01T12:00:00.000Z'],
    ['/mute 1w', '2026-12-07T12:00:00.000Z'],
    ['/mute off', null],
  ])('%s is a mute until %s', async (written, until) => {
    const hands = handsOf()
    expect(await obey(written, direct, hands)).toEqual({ type: 'done' })
    expect(hands.mute.mock.calls).toEqual([[direct, until]])
  })

  it.each(['/mute soon', '/mute 0m', '/dnd 1y', '/dnd 99999h'])(
    '%s says no time, and stays',
    async (written) => {
      const hands = handsOf()
      expect(await obey(written, direct, hands)).toEqual({ type: 'kept', why: 'time' })
      expect(hands.mute).not.toHaveBeenCalled()
      expect(hands.quiet.begin).not.toHaveBeenCalled()
    },
  )

  it('turns what disturbs off, for a time, and on again', async () => {
    const off = handsOf()
    await obey('/dnd', direct, off)
    await obey('/dnd 1h', direct, off)
    expect(off.quiet.begin.mock.calls).toEqual([[FOREVER], ['2026-11-30T13:00:00.000Z']])
    expect(off.quiet.end).not.toHaveBeenCalled()
    const on = handsOf({ quiet: true })
    await obey('/dnd', direct, on)
    await obey('/dnd off', direct, on)
    expect(on.quiet.end).toHaveBeenCalledTimes(2)
    await obey('/dnd 1h', direct, on)
    expect(on.quiet.begin).toHaveBeenCalledTimes(1)
  })

  it('does what a menu does', async () => {
    const hands = handsOf({ admin: true })
    for (const written of ['/pin', '/archive', '/search red rabbit', '/leave', '/invite']) {
      expect(await obey(written, channel, hands)).toEqual({ type: 'done' })
    }
    expect(hands.pin.mock.calls).toEqual([[channel, false]])
    expect(hands.archive.mock.calls).toEqual([[channel, true]])
    expect(hands.search.mock.calls).toEqual([['red rabbit']])
    expect(hands.leave.mock.calls).toEqual([['g']])
    expect(hands.invite.mock.calls).toEqual([['g']])
  })

  it('writes what is seldom on a keyboard', async () => {
    const sent = async (written: string) => await obey(written, direct, handsOf())
    expect(await sent('/shrug')).toEqual({ type: 'send', text: '¯\\_(ツ)_/¯' })
    expect(await sent('/shrug who knows')).toEqual({ type: 'send', text: 'who knows ¯\\_(ツ)_/¯' })
    expect(await sent('/spoiler he\ndies')).toEqual({ type: 'send', text: '||he\ndies||' })
    expect(await sent('/spoiler a||b||c')).toEqual({ type: 'send', text: '||abc||' })
    expect(await sent('/spoiler ')).toEqual({ type: 'kept', why: 'text' })
  })

  it('sets a topic, and stays if it was refused', async () => {
    const hands = handsOf({ admin: true })
    expect(await obey('/topic Saturday', channel, hands)).toEqual({ type: 'done' })
    expect(hands.setTopic.mock.calls).toEqual([['g', 'c', 'Saturday']])
    expect(await obey('/topic', channel, hands)).toEqual({ type: 'kept', why: 'text' })
    const refused = handsOf({ admin: true, saves: false })
    expect(await obey('/topic x', channel, refused)).toEqual({ type: 'kept', why: null })
  })
})

describe('who may, and where', () => {
  const names = (row: ConversationRow, admin: boolean) =>
    commandsAt(row, handsOf({ admin })).map(({ name }) => name)

  it('is offered what can be done', () => {
    const everywhere = ['mute', 'dnd', 'pin', 'archive', 'search', 'spoiler', 'shrug']
    expect(names(direct, true)).toEqual(everywhere)
    expect(names(channel, false)).toEqual([...everywhere, 'leave'])
    expect(names(channel, true)).toEqual([...everywhere, 'topic', 'invite', 'leave'])
  })

  it('is not sent to everyone instead', async () => {
    const hands = handsOf()
    const elsewhere = { type: 'kept', why: 'elsewhere' }
    expect(await obey('/leave', direct, hands)).toEqual(elsewhere)
    expect(await obey('/topic mine', channel, hands)).toEqual(elsewhere)
    expect(hands.leave).not.toHaveBeenCalled()
    expect(hands.setTopic).not.toHaveBeenCalled()
  })
})
