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
  const overlays = useOverlay()
  const dialog = overlays.create(LazyConfirmDialog, { destroyOnClose: true })

  return async (question: Question): Promise<boolean> => (await dialog.open(question)) === true
}
