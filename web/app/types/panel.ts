/** What can stand beside a conversation, as `?details=` names it. */
const PANELS = ['about', 'files', 'pins', 'search'] as const
export type Panel = (typeof PANELS)[number]

export function panelOf(named: unknown): Panel | null {
  return PANELS.find((panel) => panel === named) ?? null
}
