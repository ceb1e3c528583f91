// What one can do about a person: befriend, keep as a contact, block.
import type { User } from '~/api/wire'

export interface PersonAction {
  label: string
  icon: string
  color?: 'error' | 'neutral'
  onSelect: () => void
}

export function usePersonActions() {
  const { t } = useI18n()
  const people = usePeople()
  const conversations = useConversations()
  const { done, attempt } = useNotice()

  const named = ({ id, display_name: own }: User) => people.name(id) || own

  /** Opens the conversation with someone, which begins if there is none. */
  async function chat(user: User) {
    await attempt(async () => navigateTo(`/chats/${await conversations.openDirect(user.id)}`))
  }

  async function removeContact(user: User) {
    const alias = people.contacts.data.find((entry) => entry.user.id === user.id)?.alias ?? null
    if (await attempt(() => people.removeContact(user.id))) {
      done(t('people.contact_removed', { name: named(user) }), () =>
        people.saveContact(user.id, alias),
      )
    }
  }

  async function addContact(user: User) {
    if (await attempt(() => people.saveContact(user.id, null)))
      done(t('people.contact_added', { name: named(user) }))
  }

  async function befriend(user: User) {
    if (await attempt(() => people.requestFriend(user.id))) done(t('people.request_sent'))
  }

  async function unfriend(user: User) {
    if (await attempt(() => people.removeFriend(user.id))) {
      done(t('people.unfriended', { name: named(user) }), () => people.requestFriend(user.id))
    }
  }

  async function block(user: User) {
    if (await attempt(() => people.block(user.id))) {
      done(t('people.blocked', { name: named(user) }), () => people.unblock(user.id))
    }
  }

  function actionsOf(user: User): PersonAction[] {
    const contact = people.contacts.data.some((entry) => entry.user.id === user.id)
    const asked = people.outgoing.some(({ to }) => to.id === user.id)
    const friend = people.friendIds.has(user.id)
    const blocked = people.blockedIds.has(user.id)
    const actions: PersonAction[] = [
      contact
        ? {
            label: t('details.remove_contact'),
            icon: 'i-lucide-user-minus',
            onSelect: () => void removeContact(user),
          }
        : {
            label: t('people.add_contact'),
            icon: 'i-lucide-user-plus',
            onSelect: () => void addContact(user),
          },
    ]
    if (friend) {
      actions.push({
        label: t('people.unfriend'),
        icon: 'i-lucide-heart-off',
        onSelect: () => void unfriend(user),
      })
    } else if (!asked && !blocked) {
      actions.push({
        label: t('people.befriend'),
        icon: 'i-lucide-heart-handshake',
        onSelect: () => void befriend(user),
      })
    }
    actions.push(
      blocked
        ? {
            label: t('people.unblock'),
            icon: 'i-lucide-shield-check',
            onSelect: () => void attempt(() => people.unblock(user.id)),
          }
        : {
            label: t('people.block'),
            icon: 'i-lucide-ban',
            color: 'error',
            onSelect: () => void block(user),
          },
    )
    return actions
  }

  return { actionsOf, chat, befriend, addContact }
}
