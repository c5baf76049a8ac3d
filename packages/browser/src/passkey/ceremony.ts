import { WebAuthnAbortService, WebAuthnError, type WebAuthnErrorCode } from '@simplewebauthn/browser'
import { type StileCode, StileError } from '../base.ts'

/** How long one ceremony may take. */
export type CeremonyLimits = Readonly<{
  /** The prompt goes away when it is aborted. */
  signal: AbortSignal
  /** The longest wait for a prompt that never answers, in milliseconds, if there are other ways. Default: no limit but the options'. */
  patienceMs?: number
}>

/** One passkey ceremony. */
export type Ceremony<T> = CeremonyLimits &
  Readonly<{
    /** The options of the service. Their `timeout`, in milliseconds, bounds the wait; without one, two minutes do. */
    options: unknown
    /** Opens the browser's prompt. */
    ask: () => Promise<T>
  }>

const DEFAULT_TIMEOUT_MS = 120_000
/** The browser ends the prompt at its timeout: only one that did not is ended here. */
const GRACE_MS = 5_000

/** The ceremony that has the page's one prompt. */
let current: symbol | undefined

/**
 * Runs one passkey ceremony with a bounded wait: an extension may hold the prompt and never answer. A page has one ceremony at a time; a
 * new one ends the one before.
 *
 * @throws StileError `passkey_*`, with the browser's exception as its cause
 */
export async function runCeremony<T>({ options, ask, signal, patienceMs }: Ceremony<T>): Promise<T> {
  if (!globalThis.PublicKeyCredential) throw new StileError('passkey_unavailable')
  if (signal.aborted) throw new StileError('passkey_cancelled')
  const mine = Symbol('ceremony')
  current = mine
  const endPrompt = () => {
    // a newer ceremony has ended this one, and keeps its own prompt
    if (current === mine) WebAuthnAbortService.cancelCeremony()
  }
  signal.addEventListener('abort', endPrompt)
  const { timeout = DEFAULT_TIMEOUT_MS } = options as { timeout?: number }
  const longestMs = timeout + GRACE_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => {
      reject(new StileError('passkey_timeout'))
      // one that is still open would keep the next from opening
      endPrompt()
    }
    timer = setTimeout(giveUp, Math.min(longestMs, patienceMs ?? longestMs))
  })
  try {
    return await Promise.race([ask(), late])
  } catch (error) {
    throw error instanceof StileError ? error : toPasskeyError(error, options)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', endPrompt)
    if (current === mine) current = undefined
  }
}

/** The errors of the library that say only that it failed. Every error is named here or below, so that a new one is a type error. */
type OtherError =
  | 'ERROR_AUTHENTICATOR_GENERAL_ERROR'
  | 'ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT'
  | 'ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT'
  | 'ERROR_AUTO_REGISTER_USER_VERIFICATION_FAILURE'
  | 'ERROR_INVALID_USER_ID_LENGTH'
  | 'ERROR_SIGNAL_INVALID_ARGUMENT'

/** What each error of the library means here. */
const CODES: Readonly<Record<Exclude<WebAuthnErrorCode, OtherError>, StileCode> & Partial<Record<OtherError, undefined>>> = {
  ERROR_CEREMONY_ABORTED: 'passkey_cancelled',
  // a NotAllowedError: dismissed, timed out or refused, which browsers do not tell apart
  ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY: 'passkey_cancelled',
  ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED: 'passkey_exists',
  ERROR_INVALID_DOMAIN: 'passkey_unavailable',
  ERROR_INVALID_RP_ID: 'passkey_unavailable',
  ERROR_AUTHENTICATOR_NO_SUPPORTED_PUBKEYCREDPARAMS_ALG: 'passkey_unavailable',
  ERROR_MALFORMED_PUBKEYCREDPARAMS: 'passkey_unavailable',
}

/** Tells what a failed ceremony means, with the browser's own exception as the cause. */
function toPasskeyError(error: unknown, options: unknown): StileError {
  const isLibrarys = error instanceof WebAuthnError
  const cause = isLibrarys ? error.cause : error
  const name = (cause as DOMException | undefined)?.name
  if (name === 'SecurityError') diagnose(options)
  return new StileError((isLibrarys ? CODES[error.code] : codeOfName(name)) ?? 'passkey_failed', undefined, cause)
}

/** The library leaves these exceptions of some ceremonies as they are: they are told by their name (WebAuthn §5.1). */
function codeOfName(name: string | undefined): StileCode | undefined {
  switch (name) {
    case 'NotSupportedError':
    case 'SecurityError':
      return 'passkey_unavailable'
    case 'InvalidStateError':
      return 'passkey_exists'
    default:
      return undefined
  }
}

function diagnose(options: unknown): void {
  import('./diagnosis.ts').then(
    ({ diagnoseOrigin }) => diagnoseOrigin(options),
    () => {},
  )
}
