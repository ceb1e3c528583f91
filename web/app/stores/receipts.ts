/** What is received and read here, for oneself at once and for the server in time. */
import type { View } from '~/api/wire'
import type { Room } from '~/realtime/room'
import { Watermarks } from '~/realtime/watermarks'

export const useReceipts = defineStore('receipts', () => {
  const rooms = useRooms()
  const connection = useConnection()
  const marks = new Watermarks((frame) => connection.say(frame))

  /** Everything up to `seq` has been read. */
  function read(id: string, seq: number) {
    marks.raise('read', id, seq)
    rooms.take({ type: 'marks', id, marks: { delivered_seq: seq, read_seq: seq } })
  }

  /** Everything that these hold is on this device. */
  function delivered(changed: readonly Room[]) {
    for (const { shared, me } of changed) {
      if (me.delivered_seq < shared.last_seq) marks.raise('delivered', shared.id, shared.last_seq)
    }
  }

  return {
    read,
    delivered,
    told: (id: string, me: View) => marks.told(id, me),
    flush: () => marks.flush(),
    stop: () => marks.stop(),
  }
})
