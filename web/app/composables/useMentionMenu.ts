/** Whom one may mean while one writes a name. */
import type { User } from '~/api/wire'
import { mentionDraft } from '~/richtext/mentionDraft'
import type { ConversationRow } from '~/types/conversation'
import { useWordMenu, type Writing } from './useWordMenu'

const EVERYONE = 'all'

export interface MentionChoice {
  username: string
  /** Null for everyone. */
  user: User | null
}

export function useMentionMenu(row: () => ConversationRow, writing: Writing) {
  const groups = useGroups()
  const session = useSession()

  async function find(q: string): Promise<User[]> {
    const { peer, groupId } = row()
    if (peer) return peer.username.startsWith(q) ? [peer] : []
    if (!groupId) return []
    const { items } = await groups.members(groupId, { q: q || undefined })
    return items.map(({ user }) => user)
  }

  function offer(found: readonly User[], term: string): MentionChoice[] {
    const { groupId } = row()
    const all = groupId && groups.administers(groupId) && EVERYONE.startsWith(term)
    const users = found.filter(
      ({ id, username, display_name: name }) =>
        id !== session.userId && (username.startsWith(term) || name.toLowerCase().startsWith(term)),
    )
    return [
      ...users.map((user) => ({ username: user.username, user })),
      ...(all ? [{ username: EVERYONE, user: null }] : []),
    ]
  }

  return useWordMenu<MentionChoice, User>(writing, {
    draft: mentionDraft,
    find,
    offer,
    word: ({ username }) => `@${username}`,
  })
}
