// What the pages, the service worker and the build must agree on.

/** The signed-in shell is rendered in the browser alone: no user's data is ever in server HTML. */
export const SHELL_PATHS = ['/chats', '/groups', '/people', '/discover', '/settings']

/** Under which a browser keeps the shell: it is the same HTML for each of them. */
export const SHELL_URL = '/chats'

/** Of people and groups, as a browser keeps them. */
export const PICTURES = 'warren.pictures'

/** From the service worker to a page: somebody wants to see what a notification tells of. */
export interface OpenNote {
  type: 'open'
  path: string
}

export const inShell = (path: string): boolean =>
  SHELL_PATHS.some((part) => path === part || path.startsWith(`${part}/`))
