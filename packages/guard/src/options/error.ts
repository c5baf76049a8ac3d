/** What a guard refuses when it is made: tell cases apart by `code`, never by the message. */
export type GuardErrorCode = 'invalid_option' | 'unknown_feature' | 'service_unavailable' | 'invalid_session'

/** The one error that this package throws. A request is never answered with it: what goes wrong there is a refusal. */
export class GuardError extends Error {
  override readonly name = 'GuardError'
  readonly code: GuardErrorCode
  /** The option that is wrong, such as `service.url`. */
  readonly option: string | undefined

  constructor(code: GuardErrorCode, message: string, option?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.option = option
  }
}
