import type { GuardLog } from '../options/options.ts'
import type { TokenVerifier } from './token.ts'

/** The same verifier, which tells the operator once that a page asks for tokens of another name than this guard's. */
export function reportAudience(verify: TokenVerifier, log: GuardLog): TokenVerifier {
  let isTold = false
  return (token) => {
    const verdict = verify(token)
    if (!isTold && verdict.status === 'invalid' && verdict.foreign !== undefined) {
      isTold = true
      log(
        'warn',
        'A token is for another audience than this guard. If your own pages sent it, audience of createGuard, audiences of createStile and audiences[].id of the service must be one name. Told once.',
        verdict.foreign,
      )
    }
    return verdict
  }
}
