/** The frames of the WebSocket, and the subset that changes conversations. */
import type { components } from '~/api/schema'

export type ServerFrame = components['schemas']['ServerFrame']
export type ClientFrame = components['schemas']['ClientFrame']

export type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

/**
 * Reads a frame; null for what is not one. Types this client does not know pass: a newer server may
 * say more, and whoever looks at the type passes over them.
 */
export function parseFrame(text: unknown): ServerFrame | null {
  if (typeof text !== 'string') return null
  try {
    const frame: unknown = JSON.parse(text)
    const typed = typeof frame === 'object' && frame !== null && 'type' in frame
    return typed ? (frame as ServerFrame) : null
  } catch {
    return null
  }
}
