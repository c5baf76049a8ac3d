import { normalizeCode } from '@stile/protocol'
import type { StileError } from '../error.ts'
import { type Guesser, guessesLeft } from '../guesses/guesses.ts'
import type { FactsDomain } from '../options/domain.ts'
import { attemptFailed } from './failure.ts'

/** The longest text that is looked at, in UTF-16 code units. */
const LONGEST_TYPED = 64

/** The six digits of a code as people type it, in whatever script; `undefined` if it is anything else. */
export function readCode(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || typed.length > LONGEST_TYPED) return undefined
  const code = normalizeCode(typed)
  return /^[0-9]{6}$/.test(code) ? code : undefined
}

/**
 * The code of an answer `{ code }`. What cannot be one is no guess, and is refused before anything is counted.
 *
 * @throws {StileError} `attempt_failed` with the failure `response_malformed`, what was expected, and as many attempts left as before
 */
export async function typedCode(
  domain: Pick<FactsDomain, 'store' | 'now'>,
  place: Omit<Guesser, 'authenticators'>,
  response: unknown,
): Promise<string> {
  const code = readCode((response as { code?: unknown } | null | undefined)?.code)
  if (code === undefined) throw notACode(await guessesLeft(domain, place))
  return code
}

function notACode(left: number): StileError {
  return attemptFailed('response_malformed', left, {
    detail: 'The response cannot be a code, so it did not count as a guess. See "errors".',
    errors: [{ pointer: '/response/code', detail: 'must be a string of 6 digits; spaces and hyphens are ignored' }],
  })
}
