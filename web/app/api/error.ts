/** Why a request did not do what was asked: one type for problem documents and a lost network. */
import type { components } from './schema'
import type { FieldError } from './wire'

/** The API's stable codes, and two that only a client can know. */
export type ErrorCode = components['schemas']['Code'] | 'network' | 'unreadable'

const SECOND_MS = 1000

export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    /** `errors.<code>` is its text for people. */
    readonly code: ErrorCode,
    /** Of the answer; 0 when there was none. */
    readonly status: number,
    /** Under which the servers' logs have it. */
    readonly requestId: string | null = null,
    /** The fields at fault, for `invalid`. */
    readonly fields: readonly FieldError[] = [],
    /** How long to wait before it is tried again, if the server said so. */
    readonly retryAfterMs: number | null = null,
    detail = '',
  ) {
    super(detail || code)
  }

  /** Whether the same request can succeed later without a change: network, 429, 5xx. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  /** The rule that a field breaks, if it is at fault: `errors.fields.<rule>`. */
  field(name: string): string | null {
    return this.fields.find(({ field }) => field === name)?.code ?? null
  }

  /** What an answer that is no success says. */
  static async from(response: Response): Promise<ApiError> {
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN)
    const problem: unknown = await response.json().catch(() => null)
    const { code, detail, errors } = isProblem(problem) ? problem : { code: unnamed(response) }
    return new ApiError(
      code,
      response.status,
      response.headers.get('X-Request-Id'),
      errors ?? [],
      Number.isFinite(seconds) ? seconds * SECOND_MS : null,
      detail,
    )
  }
}

/** Whatever was thrown, as an `ApiError`: `fetch` rejects with a `TypeError` when it gets nowhere. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const code = thrown instanceof SyntaxError ? 'unreadable' : 'network'
  return new ApiError(code, 0, null, [], null, thrown instanceof Error ? thrown.message : '')
}

interface ProblemLike {
  code: ErrorCode
  detail?: string
  errors?: FieldError[]
}

function isProblem(value: unknown): value is ProblemLike {
  return typeof value === 'object' && value !== null && 'code' in value
}

/** An answer without a problem document comes from something between, not from the API. */
function unnamed(response: Response): ErrorCode {
  return response.status === 429 ? 'rate_limited' : 'unavailable'
}
