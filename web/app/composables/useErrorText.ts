// What to say of an error: one sentence for each code of the API.
import { asApiError } from '~/api/error'

const SECOND_MS = 1000

export function useErrorText() {
  const { t, te } = useI18n()

  function errorText(thrown: unknown): string {
    const error = asApiError(thrown)
    if (error.code === 'rate_limited' && error.retryAfterMs !== null) {
      return t('errors.rate_limited_for', Math.ceil(error.retryAfterMs / SECOND_MS))
    }
    const key = `errors.${error.code}`
    return te(key) ? t(key) : t('errors.internal')
  }

  /** What is wrong with each field, for a form. */
  function fieldTexts(thrown: unknown): { name: string; message: string }[] {
    return asApiError(thrown).fields.map(({ field, code }) => {
      const key = `errors.fields.${code}`
      return { name: field, message: te(key) ? t(key) : t('errors.fields.other') }
    })
  }

  return { errorText, fieldTexts }
}
