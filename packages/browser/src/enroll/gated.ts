import { StileError } from '../base.ts'
import type { Stile } from '../stile.ts'

/** What enrolment and recovery need of the client. */
export type EnrollmentClient = Pick<Stile, 'get' | 'request' | 'relogin' | 'asksPassword' | 'stepUp' | 'refresh'>

/** How a gated call is made. */
export type GatedOptions = Readonly<{
  /** Aborting it cancels the step-up that was asked for. */
  signal?: AbortSignal
}>

/** A sign-in, then an emailed code, and one more if a proof has become too old meanwhile. */
const MAX_ROUNDS = 3

/**
 * Runs a call that the service gates, and gives the proofs that it asks for, one after the other. A proof for an operation is for that alone.
 *
 * A proof is the application's own sign-in if that is asked for and the application lends one, else a step-up. At most three are given, and
 * never the same twice in a row: a proof that was not enough once is not enough the next time. The call is not repeated for somebody else who
 * has signed in meanwhile, nor for another account.
 *
 * @throws StileError `relogin_failed`, `step_up_cancelled`, `session_ended` if somebody else has signed in, or whatever the call fails with
 */
export async function gated<T>(stile: EnrollmentClient, call: () => Promise<T>, { signal }: GatedOptions = {}): Promise<T> {
  let lastAsked: string | undefined
  let holder = holderOf(stile)
  for (let round = 0; ; round++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StileError) || error.code !== 'insufficient_user_authentication' || round === MAX_ROUNDS || signal?.aborted)
        throw error
      const { feature, requirement, operation } = error.problem ?? {}
      if (feature !== 'stile:recovery') forgetTicket()
      const asked = JSON.stringify(requirement)
      if (asked === lastAsked) throw error
      lastAsked = asked
      // nobody has subscribed to the state yet
      if (!holder) await stile.refresh()
      holder ??= holderOf(stile)
      // the application's own sign-in proves only the session; for more, a step-up asks the login provider
      const isSignInEnough = requirement?.level === 'session' && requirement.methods?.includes('relogin')
      const signedIn = isSignInEnough ? await stile.relogin() : undefined
      if (signedIn === false) throw new StileError('relogin_failed')
      if (!signedIn)
        await stile.stepUp(feature === 'stile:recovery' ? feature : 'stile:authenticators', { operation, ...(signal && { signal }) }).done
      // a sign-in may have changed the account alone
      else await stile.refresh()
      if (holderOf(stile) !== holder) throw new StileError('session_ended')
    }
  }
}

/** Names whose state is known: the subject, who acts for them, and the account. Nothing while that is not known. */
export function holderOf({ get }: Pick<Stile, 'get'>): string | undefined {
  const known = get()
  if (known.status !== 'ready') return undefined
  const { subject, actor, account } = known.state
  return JSON.stringify([subject, actor, account])
}

/** Forgets the ticket of a recovery: an enrolment has used it, or the service knows of none. Recovery loads the file, so it is there already. */
export function forgetTicket(): void {
  import('./ticket.ts').then(
    (kept) => kept.forgetTicket(),
    () => {},
  )
}
