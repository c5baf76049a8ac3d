import type { StileCode } from '../error.ts'

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
 * @returns the answer for the service, or the code of what came in its way
 */
export function ceremony(
  start: unknown,
  run: (options: { optionsJSON: never }) => Promise<unknown>,
  cancel: () => void,
  signal: AbortSignal,
): Promise<unknown | StileCode> {
  const { timeout = 120_000 } = start as { timeout?: number }
  return new Promise((resolve) => {
    signal.addEventListener('abort', cancel)
    const end = (answer: unknown) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      resolve(answer)
    }
    const timer = setTimeout(end, timeout + 5_000, 'passkey_timeout')
    run({ optionsJSON: start as never }).then(end, ({ name }) => end(CODES[name] ?? 'passkey_failed'))
  })
}
