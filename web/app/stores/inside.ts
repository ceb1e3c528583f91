/** What links in messages lead to, as their cards show it. */
import { api, ok } from '~/api/client'
import type { Message } from '~/api/wire'
import { lookups } from '~/inside/lookups'

export const useInside = defineStore('inside', () => {
  const session = useSession()
  const groups = useGroups()

  const invites = lookups(groups.previewInvite)

  /** Null where the reader has no such message. */
  const messages = lookups(async (place): Promise<Message | null> => {
    const [id = '', seq] = place.split('/')
    const params = { path: { id }, query: { around: Number(seq), limit: 1 } }
    const { items } = await ok(api.GET('/v1/conversations/{id}/messages', { params }))
    return items.find((message) => message.seq === Number(seq)) ?? null
  })

  watch(
    () => session.userId,
    () => {
      invites.clear()
      messages.clear()
    },
  )

  return {
    invite: invites.get,
    message: (conversationId: string, seq: number) => messages.get(`${conversationId}/${seq}`),
  }
})
