// One of twelve hues for whom or what has no picture. The same id has the same hue everywhere; the
// colours themselves are in `tokens.css`.

const HUES = 12
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const MIXER = 0x5bd1e995

export function hueOf(id: string): number {
  // FNV-1a, then stirred once: ids made in the same second differ in their last letters alone.
  let hash = FNV_OFFSET
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 15), MIXER)
  return ((hash ^ (hash >>> 13)) >>> 0) % HUES
}

/** The class that sets the hue for `bg-hue`, `text-hue` and their like. */
export function hueClass(id: string): string {
  return `hue-${hueOf(id)}`
}
