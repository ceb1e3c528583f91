/**
 * The nonce by which the page's policy knows its own styles (`contentSecurityPolicy.ts`); for libraries
 * that make style elements. Pages made without a server, as in tests, have none.
 */
export function usePageNonce(): string | undefined {
  if (import.meta.server) return undefined
  return document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce
}
