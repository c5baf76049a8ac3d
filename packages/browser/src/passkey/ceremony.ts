import type { StileCode } from '../error.ts'

/**
 * Runs one passkey ceremony with a bounded wait: an extension may hold the prompt and never answer.
 *
 * @param start  the options of the service; their `timeout` in milliseconds bounds the wait, else two minutes do
 * @param cancel  takes the browser's prompt away; called when `signal` is aborted
 * @returns the answer for the service, or the code of what came in its way, by the name of the DOMException (WebAuthn §5.1)
 */
export function ceremony(
  start: unknown,
  run: (options: { optionsJSON: never }) => Promise<unknown>,
  cancel: () => void,
  signal: AbortSignal,
): Promise<unknown> {
  const { timeout = 120_000 } = start as { timeout?: number }
  return new Promise((resolve) => {
    signal.addEventListener('abort', cancel, { once: true })
    const timer = setTimeout(resolve, timeout + 5_000, 'passkey_timeout')
    run({ optionsJSON: start as never })
      .then(resolve, ({ name }) => resolve(codeOf(name)))
      .finally(() => clearTimeout(timer))
  })
}

function codeOf(name: string): StileCode {
  if (/^(NotAllowed|Abort)/.test(name)) return 'passkey_cancelled'
  if (/^(Security|NotSupported)/.test(name)) return 'passkey_unavailable'
  return name === 'InvalidStateError' ? 'passkey_exists' : 'passkey_failed'
}
