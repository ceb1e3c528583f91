/** Emoji by their names while one writes: `:tea`. Their names are loaded with the first of them. */
import { emojiDraft } from '~/richtext/emojiDraft'
import { useWordMenu, type Writing } from './useWordMenu'

export interface EmojiChoice {
  emoji: string
  name: string
}

export function useEmojiMenu(writing: Writing) {
  const { locale } = useI18n()
  const ui = useUi()

  return useWordMenu<EmojiChoice, EmojiChoice>(writing, {
    draft: emojiDraft,
    find: async (term) => {
      const { findEmoji } = await import('~/richtext/emojiNames')
      return findEmoji(term, locale.value)
    },
    offer: (found) => found,
    word: ({ emoji }) => {
      ui.usedEmoji(emoji)
      return emoji
    },
  })
}
