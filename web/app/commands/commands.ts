// What can be done by `/` in the composer. It is loaded with the first `/`; what a command does is done
// by whoever does it elsewhere, too.
import { FOREVER } from '~/attention/forever'
import type { ConversationRow } from '~/types/conversation'
import { spanOf } from './span'

/** What the commands need of the page. */
export interface Hands {
  administers(groupId: string): boolean
  mute(row: ConversationRow, until: string | null): unknown
  archive(row: ConversationRow, yes: boolean): unknown
  pin(row: ConversationRow, yes: boolean): unknown
  leave(groupId: string): unknown
  invite(groupId: string): unknown
  search(words: string): unknown
  /** Answers whether it was done. */
  setTopic(groupId: string, channelId: string, topic: string): Promise<boolean>
  quiet: { readonly on: boolean; begin(until: string): void; end(): void }
}

/**
 * What becomes of what was written: something is sent, it was done, or it stays in the field, with
 * what it lacks: a time, a text, or a place where it can be done.
 */
export type Outcome =
  | { type: 'send'; text: string }
  | { type: 'done' }
  | { type: 'kept'; why: 'time' | 'text' | 'elsewhere' | null }

export interface Command {
  name: string
  /** What may stand behind it, or must. */
  takes?: 'maybe_time' | 'text' | 'maybe_text'
  /** Whether it can be done there. */
  fits?(row: ConversationRow, hands: Hands): boolean
  run(row: ConversationRow, rest: string, hands: Hands): Outcome | Promise<Outcome>
}

const SHRUG = '¯\\_(ツ)_/¯'
const OFF = 'off'

const DONE: Outcome = { type: 'done' }
const kept = (why: 'time' | 'text' | 'elsewhere' | null): Outcome => ({ type: 'kept', why })
const send = (text: string): Outcome => ({ type: 'send', text })

function doing(act: (row: ConversationRow, rest: string, hands: Hands) => unknown) {
  return (row: ConversationRow, rest: string, hands: Hands): Outcome => {
    void act(row, rest, hands)
    return DONE
  }
}

/** Until when, from now on: for good without a time, and not at all where it is turned off. */
function untilOf(rest: string): { until: string | null } | null {
  if (rest === '') return { until: FOREVER }
  if (rest.toLowerCase() === OFF) return { until: null }
  const span = spanOf(rest)
  return span === null ? null : { until: new Date(Date.now() + span).toISOString() }
}

const ofGroups = (row: ConversationRow) => row.groupId !== null
const ofAdmins = ({ groupId }: ConversationRow, { administers }: Hands) =>
  groupId !== null && administers(groupId)

const COMMANDS: readonly Command[] = [
  {
    name: 'mute',
    takes: 'maybe_time',
    run: (row, rest, hands) => {
      const end = untilOf(rest)
      if (!end) return kept('time')
      void hands.mute(row, end.until)
      return DONE
    },
  },
  {
    name: 'dnd',
    takes: 'maybe_time',
    run: (_row, rest, { quiet }) => {
      const end = untilOf(rest)
      if (!end) return kept('time')
      if (end.until === null || (rest === '' && quiet.on)) quiet.end()
      else quiet.begin(end.until)
      return DONE
    },
  },
  { name: 'pin', run: doing((row, _rest, { pin }) => pin(row, !row.pinned)) },
  { name: 'archive', run: doing((row, _rest, { archive }) => archive(row, !row.archived)) },
  { name: 'search', takes: 'maybe_text', run: doing((_row, rest, { search }) => search(rest)) },
  {
    name: 'spoiler',
    takes: 'text',
    // A mark within it would end it.
    run: (_row, rest) => (rest ? send(`||${rest.replaceAll('||', '')}||`) : kept('text')),
  },
  {
    name: 'shrug',
    takes: 'maybe_text',
    run: (_row, rest) => send([rest, SHRUG].filter(Boolean).join(' ')),
  },
  {
    name: 'topic',
    takes: 'text',
    fits: ofAdmins,
    run: async ({ id, groupId }, rest, { setTopic }) => {
      if (!rest) return kept('text')
      return (await setTopic(groupId ?? '', id, rest)) ? DONE : kept(null)
    },
  },
  {
    name: 'invite',
    fits: ofAdmins,
    run: doing(({ groupId }, _rest, { invite }) => invite(groupId ?? '')),
  },
  {
    name: 'leave',
    fits: ofGroups,
    run: doing(({ groupId }, _rest, { leave }) => leave(groupId ?? '')),
  },
]

/** Those that can be done there. */
export const commandsAt = (row: ConversationRow, hands: Hands): Command[] =>
  COMMANDS.filter(({ fits }) => fits?.(row, hands) ?? true)

const WRITTEN = /^\/([a-z]+)(?:\s+([^]*))?$/i

/** What was written, and begins with `/`. What is no command is sent, and so is what `//` begins. */
export async function obey(written: string, row: ConversationRow, hands: Hands): Promise<Outcome> {
  if (written.startsWith('//')) return send(written.slice(1))
  const [, name, rest = ''] = WRITTEN.exec(written) ?? []
  const command = COMMANDS.find((one) => one.name === name?.toLowerCase())
  if (!command) return send(written)
  if (command.fits && !command.fits(row, hands)) return kept('elsewhere')
  return await command.run(row, rest.trim(), hands)
}
