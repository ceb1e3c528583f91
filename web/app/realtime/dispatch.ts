/** Brings each frame to the store that it concerns. */
import type { ServerFrame } from './frames'

export function useDispatch(catchUp: () => void): (frame: ServerFrame) => void {
  const rooms = useRooms()
  const people = usePeople()
  const groups = useGroups()
  const session = useSession()
  const typing = useTyping()
  const presence = usePresence()

  return function dispatch(frame) {
    rooms.take({ type: 'frame', frame })
    if ('account_rev' in frame && frame.account_rev !== undefined) {
      rooms.takeAccount(frame.account_rev)
    }
    switch (frame.type) {
      case 'hello':
        return rooms.take({ type: 'epoch', epoch: frame.epoch })
      case 'ready':
        if (frame.reason === 'joined') void groups.mine.load()
        return catchUp()
      case 'message.created':
        return typing.end(frame.conversation_id, frame.message.sender_id)
      case 'typing':
        return typing.heard(frame)
      case 'presence':
        return presence.heard(frame)
      case 'group.updated':
        if (groups.get(frame.group_id)) return groups.putShared(frame.group)
        return void groups.mine.load()
      case 'group.removed':
        return groups.drop(frame.group_id)
      case 'conversation.created':
      case 'conversation.updated':
      case 'conversation.removed':
        return reloadGroup(groupOf(frame))
      case 'member.joined':
      case 'member.updated':
      case 'member.left':
        groups.memberChanged(frame)
        return
      case 'user.updated':
        people.remember(frame.user)
        return session.heard(frame.user)
      case 'contact':
        return people.putContact(frame.contact)
      case 'contact.removed':
        return people.dropContact(frame.user_id)
      case 'friend_request':
        return people.putRequest(frame.friend_request)
      case 'friend_request.removed':
        return people.dropRequest(frame.friend_request_id)
      case 'friend':
        return people.putFriend(frame.user)
      case 'friend.removed':
        return people.dropFriend(frame.user_id)
      case 'block':
        return people.putBlock(frame.user)
      case 'block.removed':
        return people.dropBlock(frame.user_id)
    }
  }

  /** Which channels a group has is part of the group as the API tells it. */
  function reloadGroup(groupId: string | null | undefined) {
    if (groupId && groups.get(groupId)) void groups.load(groupId).catch(() => undefined)
  }

  function groupOf(frame: ServerFrame): string | null | undefined {
    if ('conversation' in frame) return frame.conversation.group_id
    return 'conversation_id' in frame
      ? rooms.rooms.get(frame.conversation_id)?.shared.group_id
      : undefined
  }
}
