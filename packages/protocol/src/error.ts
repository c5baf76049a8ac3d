/** What a function of this package refuses. */
export type ProtocolErrorCode = 'not_canonical' | 'invalid_operation' | 'invalid_subject'

/** The one error that this package throws; tell cases apart by `code`, never by the message. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
