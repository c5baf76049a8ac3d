import { StileError } from '../error.ts'
import type { Stile } from '../stile.ts'

/** What enrolment and recovery need of the client. */
export type EnrollmentClient = Pick<Stile, 'request' | 'relogin' | 'stepUp' | 'refresh'>

/** A sign-in, then a code by mail, and one more where a proof became too old meanwhile. */
const MAX_ROUNDS = 3

/**
 * Runs a call that the service gates, and gives the proofs that it asks for, one after the other: the application's own sign-in where it
 * lends one and that is asked for, else a step-up. At most three, and never the same twice in a row: what it did not take once it will
 * not take again.
 *
 * @throws StileError `relogin_failed`, `step_up_cancelled` or whatever the call fails with
 */
export async function gated<T>(stile: EnrollmentClient, call: () => Promise<T>): Promise<T> {
  let given: string | undefined
  for (let round = 0; ; round++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StileError) || error.code !== 'insufficient_user_authentication' || round === MAX_ROUNDS) throw error
      const { feature, requirement } = error.problem ?? {}
      const asked = JSON.stringify(requirement)
      if (asked === given) throw error
      given = asked
      // the application's own sign-in proves the session; for more, the login provider is asked in a step-up
      const isOwn = requirement?.level === 'session' && requirement.methods?.includes('relogin')
      const signedIn = isOwn ? await stile.relogin() : undefined
      if (signedIn === false) throw new StileError('relogin_failed')
      if (!signedIn) await stile.stepUp(feature === 'stile:recovery' ? feature : 'stile:authenticators').done
    }
  }
}
