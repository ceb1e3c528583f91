/**
 * What was typed in the moment before a page went: written at once, where the database answers later
 * than the page lives. The next page takes it from here into the database.
 */
type Draft = [conversationId: string, text: string]

const PREFIX = 'warren.last-words.'

export class LastWords {
  private readonly key: string

  constructor(
    userId: string,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = localStorage,
  ) {
    this.key = PREFIX + userId
  }

  /** Another tab may have left some that nobody took yet. */
  leave(drafts: Draft[]): void {
    if (drafts.length === 0) return
    const all = new Map([...this.read(), ...drafts])
    try {
      this.storage.setItem(this.key, JSON.stringify([...all]))
    } catch {
      // Full: the database may still have been in time.
    }
  }

  take(): Draft[] {
    const drafts = this.read()
    this.storage.removeItem(this.key)
    return drafts
  }

  private read(): Draft[] {
    try {
      const kept: unknown = JSON.parse(this.storage.getItem(this.key) ?? '[]')
      return Array.isArray(kept) ? kept.filter(isDraft) : []
    } catch {
      return []
    }
  }
}

/** Signed out: nothing of the user stays. */
export function forgetLastWords(userId: string): void {
  localStorage.removeItem(PREFIX + userId)
}

function isDraft(value: unknown): value is Draft {
  return (
    Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
  )
}
