import { StileError } from '../error.ts'

/** How long to wait before the login provider is asked again, in seconds. */
const RETRY_SECONDS = 5

/** The login provider cannot be asked now. Its message holds no value that was sent or answered. */
export class ProviderUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProviderUnreachable'
  }
}

/**
 * Tells a login provider that cannot be asked from a fault of ours, which is thrown on as it is.
 *
 * @throws {StileError} `login_unavailable`
 */
export function loginUnavailable(cause: unknown): never {
  if (!(cause instanceof ProviderUnreachable)) throw cause
  throw new StileError(
    'login_unavailable',
    'Your login provider cannot be reached now, and nothing was counted. Try again in a moment, or use another method.',
    { retryAfter: RETRY_SECONDS },
    { cause },
  )
}
