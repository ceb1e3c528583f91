/** How far one's own message has come, from the conversation's watermarks. */
import type { MessageState } from '~/types/timeline'
import type { Room } from './room'

export function stateOf({ receipts }: Room, seq: number): MessageState {
  if (receipts.read_seq >= seq) return 'read'
  return receipts.delivered_seq >= seq ? 'delivered' : 'sent'
}
