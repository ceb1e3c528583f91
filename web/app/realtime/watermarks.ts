/**
 * What this device has received and read, said to the server: at most one of each a second and
 * conversation, never a lower one, and again when a sync shows that it was lost.
 */
import type { View } from '~/api/wire'
import type { ClientFrame } from './frames'

type Kind = 'delivered' | 'read'

interface Mark {
  wanted: number
  said: number
  /** Before then it is too early for the next. */
  freeAt: number
  timer: ReturnType<typeof setTimeout> | null
}

const EVERY_MS = 1000

export class Watermarks {
  private readonly marks = new Map<string, Record<Kind, Mark>>()

  constructor(private readonly say: (frame: ClientFrame) => void) {}

  raise(kind: Kind, conversationId: string, seq: number): void {
    const mark = this.of(conversationId)[kind]
    if (seq <= mark.wanted) return
    mark.wanted = seq
    this.settle(kind, conversationId)
  }

  /** The server's own word: what it lacks is said again. */
  told(conversationId: string, me: View): void {
    const marks = this.marks.get(conversationId)
    if (!marks) return
    this.correct('delivered', conversationId, me.delivered_seq)
    this.correct('read', conversationId, me.read_seq)
  }

  /** Says what waits, at once: the page goes away. */
  flush(): void {
    for (const [id, marks] of this.marks) {
      for (const kind of ['delivered', 'read'] as const) {
        marks[kind].freeAt = 0
        this.settle(kind, id)
      }
    }
  }

  stop(): void {
    for (const marks of this.marks.values()) {
      for (const { timer } of Object.values(marks)) if (timer) clearTimeout(timer)
    }
    this.marks.clear()
  }

  private correct(kind: Kind, id: string, known: number) {
    const mark = this.of(id)[kind]
    mark.said = known
    this.settle(kind, id)
  }

  private settle(kind: Kind, id: string) {
    const mark = this.of(id)[kind]
    if (mark.wanted <= mark.said) return
    const wait = mark.freeAt - Date.now()
    if (wait > 0) {
      mark.timer ??= setTimeout(() => {
        mark.timer = null
        this.settle(kind, id)
      }, wait)
      return
    }
    mark.said = mark.wanted
    mark.freeAt = Date.now() + EVERY_MS
    this.say({ type: kind, conversation_id: id, seq: mark.wanted })
  }

  private of(id: string): Record<Kind, Mark> {
    const fresh = (): Mark => ({ wanted: 0, said: 0, freeAt: 0, timer: null })
    const marks = this.marks.get(id) ?? { delivered: fresh(), read: fresh() }
    this.marks.set(id, marks)
    return marks
  }
}
