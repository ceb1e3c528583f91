// Emoji by their names, from the data of the picker.
import Database from 'emoji-picker-element/database'
import data from 'emoji-picker-element-data/en/emojibase/data.json?url'
import dataDe from 'emoji-picker-element-data/de/cldr/data.json?url'

const databases = new Map<string, Database>()

function databaseOf(locale: string): Database {
  const known =
    databases.get(locale) ?? new Database({ locale, dataSource: locale === 'de' ? dataDe : data })
  databases.set(locale, known)
  return known
}

export async function findEmoji(term: string, locale: string) {
  const found = await databaseOf(locale).getEmojiBySearchQuery(term)
  return found.flatMap((emoji) =>
    'unicode' in emoji ? [{ emoji: emoji.unicode, name: emoji.annotation }] : [],
  )
}
