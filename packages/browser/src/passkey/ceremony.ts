import { WebAuthnAbortService } from '@simplewebauthn/browser'
import { StileError, toStileError } from '../base.ts'

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

/** Loads what tells why a ceremony failed, while its prompt is open. */
const loadPasskeyError = () => import('./passkey-error.ts')

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
    const answer = ask()
    loadPasskeyError().catch(() => {})
    return await Promise.race([answer, late])
  } catch (error) {
    throw await toPasskeyError(error, options)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', endPrompt)
    if (current === mine) current = undefined
  }
}

/** Without the file that tells why, it failed all the same. */
async function toPasskeyError(error: unknown, options: unknown): Promise<StileError> {
  try {
    return (await loadPasskeyError()).passkeyError(error, options)
  } catch {
    return toStileError(error, 'passkey_failed')
  }
}
