import { formatSubject } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { LoginProvider, LoginProviders } from '../login-providers/provider.ts'
import type { FactsDomain } from '../options/domain.ts'
import { endNamedSession, endSessions } from './end-sessions.ts'
import { verifyLogoutToken } from './logout-token.ts'

type LogoutDomain = Pick<FactsDomain, 'options' | 'store' | 'now'> & Readonly<{ logins: LoginProviders }>

/**
 * Ends what the login provider of an issuer says has ended (OpenID Connect Back-Channel Logout 1.0 §2.7): the session that it names, or
 * all of a subject if it names none, or none that is known here. Nothing is written before the token has been verified,
 * and each counts once.
 *
 * @throws {StileError} `not_found` if the issuer has no login provider, `invalid_request`, `login_unavailable`
 */
export async function backChannelLogout(domain: LogoutDomain, issuer: string, token: string): Promise<void> {
  const provider = domain.logins.find(issuer)
  if (provider === undefined)
    throw new StileError('not_found', 'No login provider is configured for this issuer. Check the path against the ids of "issuers".')
  const now = domain.now()
  const { sub, sid, replay } = await verifyLogoutToken(token, provider, now)
  if (!(await domain.store.replay.once({ ...replay, now })))
    throw new StileError('invalid_request', 'The logout token was used before, so no session was ended.')
  if (sid !== undefined && (sub === undefined || (await isNameOf(domain, provider, { sub, sid })))) {
    await endNamedSession(domain, { issuer, sid, ...(sub !== undefined && { sub }) })
  } else if (sub !== undefined) {
    await endSessions(domain, { subject: formatSubject({ issuer, sub }) })
  }
}

/**
 * Whether a name that the login provider gave a session is the one that session tokens give it. An application that mints them may have
 * names of its own; then it cannot be told which of the subject's sessions it is.
 */
async function isNameOf(
  { store, now }: LogoutDomain,
  { issuer, relogin }: LoginProvider,
  { sub, sid }: Readonly<{ sub: string; sid: string }>,
): Promise<boolean> {
  if (relogin.issuer === undefined || relogin.issuer === issuer.issuer) return true
  const sessions = await store.sessions.list({ subject: formatSubject({ issuer: issuer.id, sub }), now: now() })
  return sessions.some((each) => each.sid === sid)
}
