/** Commands in the composer: offered while one writes `/`, and done when they are sent. */
import type { Command, Hands, Outcome } from '~/commands/commands'
import { commandDraft } from '~/richtext/commandDraft'
import type { ConversationRow } from '~/types/conversation'
import { useWordMenu, type Writing } from './useWordMenu'

const load = () => import('~/commands/commands')

export function useCommands(row: () => ConversationRow) {
  const { t } = useI18n()
  const router = useRouter()
  const groups = useGroups()
  const { mute, archive, pin, leave } = useChatActions()
  const { attempt, done, failed } = useNotice()

  async function search(words: string) {
    const { details, q, ...others } = router.currentRoute.value.query
    // One that is open holds another question.
    if (details === 'search') await router.replace({ query: others })
    await router.push({ query: { ...others, details: 'search', q: words || undefined } })
  }

  async function setTopic(groupId: string, channelId: string, topic: string) {
    const saved = await attempt(() => groups.updateChannel(groupId, channelId, { topic }))
    if (saved) done(t('action.saved'))
    return saved
  }

  const hands: Hands = {
    administers: groups.administers,
    mute,
    archive,
    pin,
    leave,
    invite: (groupId) => router.push(`/groups/${groupId}/manage?tab=invites`),
    search,
    setTopic,
    quiet: useQuiet(),
  }

  /** Says what is missing, if the command stays in the field. */
  async function run(written: string): Promise<Outcome> {
    try {
      const { obey } = await load()
      const outcome = await obey(written, row(), hands)
      if (outcome.type === 'kept' && outcome.why) done(t(`commands.kept.${outcome.why}`))
      return outcome
    } catch (thrown) {
      failed(thrown)
      return { type: 'kept', why: null }
    }
  }

  /** `possible`: whether what is written is a message at all. */
  const menu = (writing: Writing, possible: () => boolean) =>
    useWordMenu<Command, Command>(writing, {
      draft: (text, caret) => (possible() ? commandDraft(text, caret) : null),
      find: async () => (await load()).commandsAt(row(), hands),
      // Of one that stands there already, Enter is its end.
      offer: (found, term) => found.filter(({ name }) => name.startsWith(term) && name !== term),
      word: ({ name }) => `/${name}`,
      most: Infinity,
    })

  return { run, menu }
}
