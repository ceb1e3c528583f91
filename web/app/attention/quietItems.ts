// How one begins and ends not to be disturbed: as a menu, in the palette and in the settings.
import { QUIET_CHOICES, quietEnd } from './quietEnds'

/** What the items need of the page. */
interface Here {
  t(key: string): string
  quiet: { readonly on: boolean; begin(until: string): void; end(): void }
}

export interface QuietItem {
  key: string
  label: string
  icon: string
  act(): void
}

export function quietItems({ t, quiet }: Here): QuietItem[] {
  const begin = QUIET_CHOICES.map((choice) => ({
    key: choice,
    label: t(`quiet.choice.${choice}`),
    icon: 'i-lucide-moon',
    act: () => quiet.begin(quietEnd(choice, new Date())),
  }))
  if (!quiet.on) return begin
  const end = { key: 'end', label: t('quiet.end'), icon: 'i-lucide-bell', act: quiet.end }
  return [end, ...begin]
}
