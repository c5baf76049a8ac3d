import { StileError } from '../error.ts'
import { placeOf } from '../login-providers/place.ts'
import type { LoginProviders } from '../login-providers/provider.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { Caller, EndedCaller } from './caller.ts'
import { sessionKey } from './session-key.ts'

type EndedDomain = Pick<FactsDomain, 'options' | 'store'> & Readonly<{ logins: LoginProviders }>
type Identity = Pick<Caller, 'issuer' | 'client' | 'subject' | 'sid' | 'jkt' | 'actor'>

/**
 * What somebody whose session is over is answered with, and whether a sign-in at the login provider begins it again: then the problem names
 * `relogin` as what comes next.
 *
 * @param detail  what has happened, and what to do
 */
export async function endingOf(domain: EndedDomain, identity: Identity, detail: string): Promise<Pick<EndedCaller, 'reopens' | 'refusal'>> {
  const reopens = placeOf(domain, identity) !== undefined && !(await domain.store.sessions.isEndedByIssuer(sessionKey(identity)))
  return { reopens, refusal: new StileError('session_ended', detail, reopens ? { next: { methods: ['relogin'] } } : {}) }
}

/** The problem `session_ended` alone, for a caller whose session has ended while something was under way. */
export async function sessionEnded(domain: EndedDomain, caller: Identity, detail: string): Promise<StileError> {
  return (await endingOf(domain, caller, detail)).refusal
}
