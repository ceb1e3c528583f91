// Where one can go, and on what.
import { expect, type Page } from '@playwright/test'
import type { Demo } from './demo'

export const SIZES = {
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desk: { width: 1440, height: 900 },
}
export const pagesOf = (demo: Demo): Record<string, string> => ({
  chats: '/chats',
  direct: `/chats/${demo.direct}`,
  'direct-details': `/chats/${demo.direct}?details=about`,
  groups: '/groups',
  channels: `/groups/${demo.group}`,
  channel: `/groups/${demo.group}/${demo.channel}`,
  'channel-details': `/groups/${demo.group}/${demo.channel}?details=about`,
  'manage-overview': `/groups/${demo.group}/manage`,
  'manage-channels': `/groups/${demo.group}/manage?tab=channels`,
  'manage-members': `/groups/${demo.group}/manage?tab=members`,
  'manage-invites': `/groups/${demo.group}/manage?tab=invites`,
  people: '/people',
  requests: '/people?tab=requests',
  discover: '/discover',
  settings: '/settings',
  ...Object.fromEntries(
    ['profile', 'account', 'sessions', 'notifications', 'appearance', 'privacy', 'about'].map(
      (key) => [`settings-${key}`, `/settings/${key}`],
    ),
  ),
})

/** What is open beside or within those pages; for pictures. */
export const statesOf = (demo: Demo): Record<string, string> => ({
  'direct-files': `/chats/${demo.direct}?details=files`,
  'direct-pins': `/chats/${demo.direct}?details=pins`,
  'direct-search': `/chats/${demo.direct}?details=search&q=engine`,
  'chats-search': '/chats/search?q=saturday',
  friends: '/people?tab=friends',
  blocked: '/people?tab=blocked',
})

/** All of it is there: what has stood for something on its way is gone. */
export async function expectLoaded(page: Page): Promise<void> {
  await expect(page.getByRole('main')).toBeVisible()
  const loading = page.getByText(/^(Loading…|Wird geladen …)$/)
  await expect(loading.filter({ visible: true })).toHaveCount(0)
}
