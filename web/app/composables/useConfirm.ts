// Asks before what cannot be undone; whatever can be, is done at once, with a way back.
import { LazyConfirmDialog } from '#components'

export interface Question {
  title: string
  text: string
  /** What the button that does it says. */
  action: string
  /** What must be typed first, and how that field is called. */
  typed?: { label: string; value: string }
}

export function useConfirm() {
  const show = useDialogs()

  return async (question: Question): Promise<boolean> =>
    (await show(LazyConfirmDialog, question)) === true
}
