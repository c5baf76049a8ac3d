import type { WebAuthnError, WebAuthnErrorCode } from '@simplewebauthn/browser'
import { type StileCode, StileError } from '../base.ts'
import { diagnoseOrigin } from './diagnosis.ts'

/** What each error of the library means here. */
const CODES: Readonly<Record<WebAuthnErrorCode, StileCode>> = {
  ERROR_CEREMONY_ABORTED: 'passkey_cancelled',
  // a NotAllowedError: dismissed, timed out or refused, which browsers do not tell apart
  ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY: 'passkey_cancelled',
  ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: 'passkey_exists',
  ERROR_INVALID_DOMAIN: 'passkey_unavailable',
  ERROR_INVALID_RP_ID: 'passkey_unavailable',
  ERROR_AUTHENTICATOR_NO_SUPPORTED_PUBKEYCREDPARAMS_ALG: 'passkey_unavailable',
  ERROR_MALFORMED_PUBKEYCREDPARAMS: 'passkey_unavailable',
  ERROR_AUTHENTICATOR_GENERAL_ERROR: 'passkey_failed',
  ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT: 'passkey_failed',
  ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT: 'passkey_failed',
  ERROR_AUTO_REGISTER_USER_VERIFICATION_FAILURE: 'passkey_failed',
  ERROR_INVALID_USER_ID_LENGTH: 'passkey_failed',
  ERROR_SIGNAL_INVALID_ARGUMENT: 'passkey_failed',
}

/**
 * Tells what a failed ceremony means, with the browser's own exception as the cause, and tells the developer of a page that the rpId does not
 * fit. Loaded while the prompt is open.
 *
 * @param options  the options of the service, of either ceremony
 */
export function passkeyError(error: unknown, options: unknown): StileError {
  if (error instanceof StileError) return error
  const cause = isOfLibrary(error) ? error.cause : error
  const name = (cause as DOMException | undefined)?.name
  if (name === 'SecurityError') diagnoseOrigin(options)
  return new StileError(isOfLibrary(error) ? CODES[error.code] : codeOfName(name), undefined, cause)
}

/** The class is not imported: bundlers would part the library from what is made of it, and both would be larger. */
function isOfLibrary(error: unknown): error is WebAuthnError {
  return Object.hasOwn(CODES, `${(error as Partial<WebAuthnError> | undefined)?.code}`)
}

/** The library leaves these exceptions of some ceremonies as they are: they are told by their name (WebAuthn §5.1). */
function codeOfName(name: string | undefined): StileCode {
  switch (name) {
    case 'NotSupportedError':
    case 'SecurityError':
      return 'passkey_unavailable'
    case 'InvalidStateError':
      return 'passkey_exists'
    default:
      return 'passkey_failed'
  }
}
