/**
 * All conversations of the signed-in user: state and input give the next state, and what the API
 * must be asked for because the client cannot know it. Pure, no I/O.
 */
import type {
  Changes,
  Conversation,
  Message,
  MessagePage,
  Receipts,
  SyncRequest,
  SyncResponse,
  User,
  View,
} from '~/api/wire'
import type { ServerFrame } from './frames'
import { hasHole, knownOf, type Room } from './room'
import { mergeConversation, mergeViewChange, newRoom } from './room/answers'
import {
  applyPage,
  hideMessage,
  lacksNewest,
  showMessage,
  trimRoom,
  type PageQuery,
} from './room/held'
import { applyAnswer, applyChanges, applyEvent } from './room/history'
import { applyReceipt, applyReceipts, applyView } from './room/view'

export interface State {
  /** The signed-in user. */
  readonly own: string
  readonly rooms: ReadonlyMap<string, Room>
  readonly epoch: string | null
  readonly accountRev: number | null
}

/** Everything that can happen to the state. */
export type Input =
  | { type: 'frame'; frame: ServerFrame }
  /** `GET /v1/conversations/{id}`; null when it is a 404. */
  | { type: 'conversation'; id: string; conversation: Conversation | null }
  | { type: 'changes'; id: string; changes: Changes }
  | { type: 'page'; id: string; query: PageQuery; page: MessagePage }
  | { type: 'sync'; answer: SyncResponse }
  /** The answer to a message of one's own, or to a change of one. */
  | { type: 'message'; message: Message }
  | { type: 'view'; id: string; me: View }
  /** One's own watermarks, as they are said to the server. */
  | { type: 'marks'; id: string; marks: Receipts }
  | { type: 'hide' | 'show'; id: string; messageId: string }
  | { type: 'trim'; id: string; from: number; to: number }
  | { type: 'restore'; rooms: readonly Room[]; epoch: string | null; accountRev: number | null }
  | { type: 'epoch'; epoch: string }
  /** A frame about people or groups was taken in. */
  | { type: 'account'; rev: number }

/** What the API must be asked for. */
export type Need =
  /** `GET /v1/conversations/{id}`: not held, or to be looked at again. */
  | { type: 'conversation'; id: string }
  /** `GET …/changes?since=`. */
  | { type: 'changes'; id: string; since: number }
  /** The newest page, or the one around a `seq`. */
  | { type: 'messages'; id: string; around?: number }
  /** From nothing: what was held is of another epoch. */
  | { type: 'sync' }

export interface Step {
  readonly state: State
  readonly needs: readonly Need[]
}

export function emptyState(own: string): State {
  return { own, rooms: new Map(), epoch: null, accountRev: null }
}

/** The holes that are open, to be asked about when they stay. */
export function holes({ rooms }: State): Need[] {
  return [...rooms.values()]
    .filter(hasHole)
    .map(({ shared, rev }) => ({ type: 'changes', id: shared.id, since: rev }))
}

export function syncRequest({ rooms, accountRev }: State, cursor: string | null): SyncRequest {
  const known = Object.fromEntries([...rooms].map(([id, room]) => [id, knownOf(room)]))
  return { known, account_rev: accountRev, cursor }
}

export function reduce(state: State, input: Input): Step {
  const step = apply(state, input)
  if (step.state.rooms === state.rooms) return step
  const rooms = [...step.state.rooms.values()]
  // A sync looks at all of them again: what was asked for before may have been lost.
  const suspects =
    input.type === 'sync' ? rooms : rooms.filter((room) => state.rooms.get(room.shared.id) !== room)
  return { ...step, needs: [...step.needs, ...suspects.flatMap(missing)] }
}

/** The pages that are needed to know what there is to show. */
function missing(room: Room): Need[] {
  const { id } = room.shared
  const needs = room.doubts.map((around): Need => ({ type: 'messages', id, around }))
  return lacksNewest(room) ? [...needs, { type: 'messages', id }] : needs
}

function apply(state: State, input: Input): Step {
  switch (input.type) {
    case 'frame':
      return reduceFrame(state, input.frame)
    case 'conversation':
      return takeConversation(state, input.id, input.conversation)
    case 'changes':
      return takeChanges(state, input.id, input.changes)
    case 'page':
      return takePage(state, input.id, input.query, input.page)
    case 'sync':
      return takeSync(state, input.answer)
    case 'message':
      return inRoom(state, input.message.conversation_id, (room) =>
        applyAnswer(room, input.message),
      )
    case 'view':
      return inRoom(state, input.id, (room) => applyView(room, input.me))
    case 'marks':
      return inRoom(state, input.id, (room) => applyReceipt(room, state.own, input.marks))
    case 'hide':
      return inRoom(state, input.id, (room) => hideMessage(room, input.messageId))
    case 'show':
      return inRoom(state, input.id, (room) => showMessage(room, input.messageId))
    case 'trim':
      return inRoom(state, input.id, (room) => trimRoom(room, input.from, input.to))
    case 'restore': {
      const rooms = new Map(input.rooms.map((room) => [room.shared.id, room]))
      return done({ ...state, rooms, epoch: input.epoch, accountRev: input.accountRev })
    }
    case 'epoch':
      return done(ofEpoch(state, input.epoch))
    case 'account':
      return done({ ...state, accountRev: Math.max(state.accountRev ?? 0, input.rev) })
  }
}

function reduceFrame(state: State, frame: ServerFrame): Step {
  switch (frame.type) {
    case 'message.created':
      return inRoom(state, frame.conversation_id, (room) =>
        applyEvent(room, frame.rev, { type: 'created', message: frame.message }),
      )
    case 'message.updated':
    case 'message.deleted':
      return inRoom(state, frame.conversation_id, (room) =>
        applyEvent(room, frame.rev, { type: 'changed', message: frame.message }),
      )
    case 'message.hidden':
      return inRoom(state, frame.conversation_id, (room) =>
        applyView(hideMessage(room, frame.message_id), frame.me),
      )
    case 'conversation.created':
    case 'conversation.updated':
      return inRoom(state, frame.conversation.id, (room) =>
        applyEvent(room, frame.rev, { type: 'shared', shared: frame.conversation }),
      )
    case 'receipt':
      return inRoom(state, frame.conversation_id, (room) =>
        applyReceipt(room, frame.user_id, frame),
      )
    case 'receipts':
      return inRoom(state, frame.conversation_id, (room) => applyReceipts(room, marksOf(frame)))
    case 'conversation.me':
      return inRoom(state, frame.conversation_id, (room) => applyView(room, frame.me))
    case 'user.updated':
      return done(withPeer(state, frame.user))
    // It may have come back since: only the API knows.
    case 'conversation.removed':
      return { state, needs: [{ type: 'conversation', id: frame.conversation_id }] }
    case 'group.removed':
      return { state, needs: roomsOf(state, frame.group_id).map(lookAgain) }
    default:
      return done(state)
  }
}

function takeConversation(state: State, id: string, conversation: Conversation | null): Step {
  if (!conversation) return done(withoutRooms(state, [id]))
  const held = state.rooms.get(id)
  if (!held) return done(withRoom(state, newRoom(state.own, conversation)))
  const room = mergeConversation(held, conversation)
  const behind = room.rev < conversation.rev
  const needs: Need[] = behind ? [{ type: 'changes', id, since: room.rev }] : []
  return { state: withRoom(state, room), needs }
}

function takeChanges(state: State, id: string, changes: Changes): Step {
  const held = state.rooms.get(id)
  if (!held) return done(state)
  const { room, next } = applyChanges(held, changes)
  const needs: Need[] = []
  if (next !== null) needs.push({ type: 'changes', id, since: next })
  if (changes.reset) needs.push({ type: 'messages', id })
  return { state: withRoom(state, room), needs }
}

function takePage(state: State, id: string, query: PageQuery, page: MessagePage): Step {
  const held = state.rooms.get(id)
  if (!held) return done(state)
  const { room, since } = applyPage(held, query, page)
  const needs: Need[] = since === null ? [] : [{ type: 'changes', id, since }]
  return { state: withRoom(state, room), needs }
}

/** One answer of `sync`: what happened first, so that a reset does not drop the newest message. */
function takeSync(before: State, answer: SyncResponse): Step {
  let state = ofEpoch(before, answer.epoch)
  // The answer goes by what was known, and that is no longer held.
  if (before.epoch !== null && before.epoch !== answer.epoch) {
    return { state, needs: [{ type: 'sync' }] }
  }
  state = { ...state, accountRev: Math.max(state.accountRev ?? 0, answer.account_rev) }
  const needs: Need[] = []
  for (const [id, changes] of Object.entries(answer.changes)) {
    const step = takeChanges(state, id, changes)
    state = step.state
    needs.push(...step.needs)
  }
  const rooms = new Map(state.rooms)
  for (const conversation of answer.conversations) {
    const held = rooms.get(conversation.id)
    const room = held ? mergeConversation(held, conversation) : newRoom(state.own, conversation)
    rooms.set(conversation.id, room)
  }
  for (const [id, change] of Object.entries(answer.views)) {
    const held = rooms.get(id)
    if (held) rooms.set(id, mergeViewChange(held, change))
  }
  answer.removed.forEach((id) => rooms.delete(id))
  return { state: { ...state, rooms }, needs }
}

/** After a restore or a failover of the database nothing that is held can be trusted. */
function ofEpoch(state: State, epoch: string): State {
  if (state.epoch === null || state.epoch === epoch) return { ...state, epoch }
  return { ...emptyState(state.own), epoch }
}

function inRoom(state: State, id: string, change: (room: Room) => Room): Step {
  const held = state.rooms.get(id)
  if (!held) return { state, needs: [{ type: 'conversation', id }] }
  const room = change(held)
  return done(room === held ? state : withRoom(state, room))
}

/** Someone's name or picture changed: it is the conversation's, too. */
function withPeer(state: State, user: User): State {
  const theirs = [...state.rooms].filter(([, { peer }]) => peer?.id === user.id)
  if (theirs.length === 0) return state
  const rooms = new Map(state.rooms)
  for (const [id, room] of theirs) rooms.set(id, { ...room, peer: user })
  return { ...state, rooms }
}

function roomsOf({ rooms }: State, groupId: string): string[] {
  return [...rooms].filter(([, { shared }]) => shared.group_id === groupId).map(([id]) => id)
}

const lookAgain = (id: string): Need => ({ type: 'conversation', id })

function marksOf({ delivered_seq, read_seq }: Receipts): Receipts {
  return { delivered_seq, read_seq }
}

function withRoom(state: State, room: Room): State {
  return { ...state, rooms: new Map(state.rooms).set(room.shared.id, room) }
}

function withoutRooms(state: State, ids: readonly string[]): State {
  const rooms = new Map(state.rooms)
  ids.forEach((id) => rooms.delete(id))
  return { ...state, rooms }
}

const done = (state: State): Step => ({ state, needs: [] })
