/** Short names for the generated types of the REST API (`schema.d.ts`). */
import type { components } from './schema'

type Schemas = components['schemas']

export type Auth = Schemas['Auth']
export type Attachment = Schemas['Attachment']
export type Ban = Schemas['Ban']
export type Changes = Schemas['Changes']
export type Contact = Schemas['Contact']
export type Conversation = Schemas['Conversation']
export type FieldError = Schemas['FieldError']
export type Found = Schemas['Found']
export type FriendRequest = Schemas['FriendRequest']
export type Group = Schemas['Group']
export type Invite = Schemas['Invite']
export type InvitePreview = Schemas['InvitePreview']
export type Known = Schemas['Known']
export type Me = Schemas['Me']
export type Member = Schemas['Member']
export type Message = Schemas['Message']
export type MessagePage = Schemas['MessagePage']
export type Presence = Schemas['Presence']
export type Problem = Schemas['Problem']
export type Receipts = Schemas['Receipts']
export type Role = Schemas['Role']
export type SignedUrl = Schemas['SignedUrl']
export type Session = Schemas['Session']
export type SharedConversation = Schemas['SharedConversation']
export type SharedGroup = Schemas['SharedGroup']
export type SyncRequest = Schemas['SyncRequest']
export type SyncResponse = Schemas['SyncResponse']
export type User = Schemas['User']
export type View = Schemas['View']
export type ViewChange = Schemas['ViewChange']
export type Visibility = Schemas['Visibility']

/** What may be asked about each of these when it is made or changed. */
export type NewGroup = Schemas['CreateGroupRequest']
export type GroupPatch = Schemas['PatchGroupRequest']
export type NewChannel = Schemas['CreateChannelRequest']
export type ChannelPatch = Schemas['PatchChannelRequest']
export type NewInvite = Schemas['CreateInviteRequest']
export type MePatch = Schemas['PatchMeRequest']
export type ViewPatch = Schemas['PatchViewRequest']
export type NewMessage = Schemas['SendMessageRequest']

/** One page of a list that goes by cursor. */
export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}
