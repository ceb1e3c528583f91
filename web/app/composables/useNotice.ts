// Short notices at the edge of the screen: what was done, with a way to undo it; what failed.

/** Long enough to read it and reach the button (WCAG 2.2.1 lets it be paused by hovering). */
const UNDO_MS = 8000

export function useNotice() {
  const toasts = useToast()
  const { t } = useI18n()
  const { errorText } = useErrorText()

  function done(title: string, undo?: () => unknown) {
    toasts.add({
      title,
      icon: 'i-lucide-check',
      color: 'neutral',
      duration: undo ? UNDO_MS : undefined,
      actions: undo
        ? [
            {
              label: t('action.undo'),
              color: 'primary',
              variant: 'subtle',
              onClick: () => void attempt(undo),
            },
          ]
        : [],
    })
  }

  function failed(thrown: unknown) {
    toasts.add({ title: errorText(thrown), icon: 'i-lucide-circle-alert', color: 'error' })
  }

  /** Does something that a server may refuse; says so if it does. Answers whether it was done. */
  async function attempt(act: () => unknown): Promise<boolean> {
    try {
      await act()
      return true
    } catch (thrown) {
      failed(thrown)
      return false
    }
  }

  return { done, failed, attempt }
}
