/**
 * The policy under which a browser runs the pages: of scripts and styles, only those that this answer
 * names by its nonce, or that come from this origin.
 *
 * Style attributes are free: what floats is placed by them, and so is each row of a timeline.
 */
import { randomBytes } from 'node:crypto'

const NONCE_BYTES = 16

function policy(nonce: string): string {
  const directives = {
    'default-src': "'self'",
    'script-src': `'self' 'nonce-${nonce}'`,
    'style-src': `'self' 'nonce-${nonce}'`,
    'style-src-attr': "'unsafe-inline'",
    // Files that were chosen but not sent yet are shown from memory.
    'img-src': "'self' blob: data:",
    'media-src': "'self' blob:",
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')
}

export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html, { event }) => {
    const nonce = randomBytes(NONCE_BYTES).toString('base64')
    const marked = (part: string) =>
      part.replace(/<(script|style)(?=[\s>])/g, `<$1 nonce="${nonce}"`)
    // The body's own parts hold what components rendered, which is never given the nonce.
    html.head = html.head.map(marked)
    html.bodyPrepend = html.bodyPrepend.map(marked)
    html.bodyAppend = html.bodyAppend.map(marked)
    const answer = event.node?.res
    answer?.setHeader('Content-Security-Policy', policy(nonce))
    // Each answer has its own nonce.
    answer?.setHeader('Cache-Control', 'no-store')
  })
})
