import type { GuardLog } from '../options/options.ts'
import type { RequestProofVerifier } from './request-proof.ts'

/** How long the log hears of no further mismatch, in seconds: a client with a wrong clock sends many. */
const QUIET_SECONDS = 60

/** The same verifier, which tells the operator what was expected of a proof and what came, at most once a minute. */
export function reportMismatches(
  verify: RequestProofVerifier,
  { log, now }: Readonly<{ log: GuardLog; now: () => number }>,
): RequestProofVerifier {
  let toldAt = Number.NEGATIVE_INFINITY
  return (proof, context) => {
    const verdict = verify(proof, context)
    if (verdict.status === 'refused' && verdict.mismatch !== undefined && now() - toldAt >= QUIET_SECONDS) {
      toldAt = now()
      log(
        'warn',
        'A device proof is for something else than its request. If your own pages sent it, check the origin option of the guard, and what a proxy strips or adds.',
        verdict.mismatch,
      )
    }
    return verdict
  }
}
