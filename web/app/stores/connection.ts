/** What the connection is doing, and the one way out to the socket. */
import type { ClientFrame } from '~/realtime/frames'
import type { SocketStatus } from '~/realtime/socket'
import type { ConnectionStatus, StopReason } from '~/types/connection'

export type ConnectionBanner = 'connecting' | 'offline' | 'catching-up' | 'stopped'

/** What a tab can do with the connection, whoever leads. */
export interface Wire {
  /** Whether this tab is the one that speaks for the browser. */
  readonly leads: boolean
  say(frame: ClientFrame): void
  watch(userIds: string[]): void
  hurry(): void
}

/** A short drop stays silent. */
const SILENT_MS = 2000

export const useConnection = defineStore('connection', () => {
  const socket = ref<SocketStatus | 'idle'>('idle')
  const reason = ref<StopReason | null>(null)
  const catchingUp = ref(false)
  const banner = ref<ConnectionBanner | null>(null)
  let wire: Wire | null = null

  const status = computed<ConnectionStatus>(() => {
    if (socket.value !== 'ready') return socket.value
    return catchingUp.value ? 'catching-up' : 'online'
  })

  const due = computed<ConnectionBanner | null>(() => {
    switch (status.value) {
      case 'idle':
      case 'online':
        return null
      case 'waiting':
      case 'connecting':
        return 'connecting'
      default:
        return status.value
    }
  })

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(due, (next) => {
    clearTimeout(timer)
    // What is shown changes at once; what is not shown yet has to last.
    if (next === null || banner.value !== null || next === 'stopped') banner.value = next
    else timer = setTimeout(() => (banner.value = due.value), SILENT_MS)
  })

  function attach(to: Wire | null) {
    wire = to
    if (!to) {
      socket.value = 'idle'
      reason.value = null
      catchingUp.value = false
    }
  }

  function became(status: SocketStatus, why: StopReason | null) {
    socket.value = status
    reason.value = why
  }

  return {
    status,
    reason: readonly(reason),
    /** What to tell people; null while there is nothing to tell. */
    banner: readonly(banner),
    /** Tries again now. */
    retry: () => wire?.hurry(),
    leads: () => wire?.leads ?? false,
    say: (frame: ClientFrame) => wire?.say(frame),
    watch: (userIds: string[]) => wire?.watch(userIds),
    attach,
    became,
    catchingUp: (yes: boolean) => {
      catchingUp.value = yes
    },
  }
})
