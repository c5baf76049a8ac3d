import type { StileCode } from '../error.ts'

/**
 * Runs one passkey ceremony with a bounded wait: an extension may hold the prompt and never answer.
 *
 * @param start  the options of the service; their `timeout` in milliseconds bounds the wait, else two minutes do
 * @param patienceMs  bounds it, too, where there are other ways
 * @param run  asks the browser; its prompt goes away when the signal that it gets is aborted
 * @returns the answer for the service, or the code of what came in its way, by the name of the DOMException (WebAuthn §5.1)
 */
export function ceremony(
  start: unknown,
  run: (prompt: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  patienceMs: number = Infinity,
): Promise<unknown> {
  if (!globalThis.PublicKeyCredential) return Promise.resolve('passkey_unavailable')
  const { timeout = 120_000 } = start as { timeout?: number }
  const prompt = new AbortController()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => prompt.abort(), { once: true })
    const timer = setTimeout(
      () => {
        resolve('passkey_timeout')
        // one that is still open would keep the next from opening
        prompt.abort()
      },
      Math.min(timeout + 5_000, patienceMs),
    )
    run(prompt.signal)
      .then(resolve, (error) => resolve(codeOf(error?.name)))
      .finally(() => clearTimeout(timer))
  })
}

function codeOf(name: string): StileCode {
  if (/^(NotAllowed|Abort)/.test(name)) return 'passkey_cancelled'
  if (/^(Security|NotSupported)/.test(name)) return 'passkey_unavailable'
  return name === 'InvalidStateError' ? 'passkey_exists' : 'passkey_failed'
}
