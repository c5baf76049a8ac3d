import { type StileCode, StileError } from '../error.ts'
import { within } from '../lib/within.ts'

/** DOMException names (WebAuthn §5.1) that mean something to people. */
const CODES: Readonly<Record<string, StileCode>> = {
  NotAllowedError: 'passkey_cancelled',
  AbortError: 'passkey_cancelled',
  InvalidStateError: 'passkey_exists',
  SecurityError: 'passkey_unavailable',
  NotSupportedError: 'passkey_unavailable',
}

/**
 * Runs one passkey ceremony with a bounded wait: an extension may hold the prompt and never answer.
 *
 * @param start  the options of the service; their `timeout` in milliseconds bounds the wait, else two minutes do
 * @param signal  aborting it takes the browser's prompt away
 * @throws StileError `passkey_*`
 */
export async function ceremony(
  start: unknown,
  run: (options: { optionsJSON: never }) => Promise<unknown>,
  cancel: () => void,
  signal: AbortSignal,
): Promise<unknown> {
  const { timeout = 120_000 } = start as { timeout?: number }
  signal.addEventListener('abort', cancel)
  try {
    return await within(timeout + 5_000, run({ optionsJSON: start as never }), 'passkey_timeout')
  } catch (error) {
    throw error instanceof StileError ? error : new StileError(CODES[(error as Error).name] ?? 'passkey_failed', undefined, error)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
