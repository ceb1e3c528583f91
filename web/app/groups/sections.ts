import type { Group } from '~/api/wire'

type Channels = Group['channels']

/** A group's channels by category, as the list shows them: those without one come first. */
export function sectionsOf(channels: Channels): [category: string, channels: Channels][] {
  const sections = Map.groupBy(channels, ({ category }) => category ?? '')
  return [...sections].toSorted(([a], [b]) => Number(a !== '') - Number(b !== ''))
}
