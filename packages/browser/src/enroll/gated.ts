import { StileError } from '../error.ts'
import type { Stile } from '../stile.ts'

/** What enrolment needs of the client. */
export type EnrollmentClient = Pick<Stile, 'request' | 'relogin' | 'stepUp' | 'refresh'>

/**
 * Runs a call that the service gates, and gives the proof that it asks for: the sign-in anew where nothing is enrolled yet, else a
 * step-up. Once.
 *
 * @throws StileError `relogin_failed`, `step_up_cancelled` or whatever the call fails with
 */
export async function gated<T>(stile: EnrollmentClient, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof StileError) || error.code !== 'insufficient_user_authentication') throw error
    if (!error.problem?.requirement?.methods?.includes('relogin')) await stile.stepUp('stile:authenticators').done
    else if (!(await stile.relogin())) throw new StileError('relogin_failed')
    return call()
  }
}
