import type { AttemptFailure } from '@stile/protocol'
import { StileError } from '../../error.ts'
import { guessesLeft } from '../../guesses/guesses.ts'
import { acrRequestFor } from '../../login-providers/acr.ts'
import { placeOf } from '../../login-providers/place.ts'
import { loginUnavailable } from '../../login-providers/unavailable.ts'
import { budgetOf } from '../../standing/budget.ts'
import { attemptFailed } from '../failure.ts'
import type { AuthenticationMethod } from '../method.ts'
import { authorizationUrl } from './authorization.ts'
import { beginLogin, isStateOf, openLogin, sealLogin } from './begun.ts'
import { judgeLogin } from './proven.ts'

/** What needs the OAuth client, which is loaded if a login provider is configured. */
const loadRedeem = () => import('./redeem.ts')

/**
 * Signing in again: at the login provider, if one is configured for the issuer, else through the application's own login, after which
 * the session token says so.
 */
export const relogin: AuthenticationMethod = {
  name: 'relogin',
  isServed: () => true,
  isEnrollable: false,
  startsAtOnce: true,

  way(domain, { caller, proofs }, { level, methods, bind }) {
    // people who sign in are not shown an operation, so a login proves none
    if (methods?.includes('relogin') === false || (bind !== undefined && bind.length > 0)) return undefined
    const place = placeOf(domain, caller)
    // a login of the application proves no more than the session
    const can = level === 'session' || (place !== undefined && acrRequestFor(place.provider.issuer, level) !== undefined)
    if (!can) return undefined
    // once this key has signed in again, nothing but age asks for it
    const why = proofs.some(({ method }) => method === 'relogin') ? undefined : caller.loginGap
    return { method: 'relogin', authenticators: [], ...(place && { hint: place.provider.name }), ...(why && { why }) }
  },

  async start(domain, { record, standing, requirement }) {
    const place = placeOf(domain, standing.caller)
    if (place === undefined) return undefined
    const { provider, redirectUri } = place
    const metadata = await provider.metadata().catch(loginUnavailable)
    const login = beginLogin(domain, record.id, redirectUri)
    const url = authorizationUrl(provider, metadata, { login, level: requirement.level, caller: standing.caller })
    return { start: { url }, challenge: sealLogin(domain, record, login) }
  },

  // what was kept of the sign-in is taken before the answer is looked at, so that it is answered once
  async prove(domain, { record, standing }, response) {
    const { caller } = standing
    const place = placeOf(domain, caller)
    if (place === undefined)
      throw new StileError('method_unavailable', 'Sign in again, then begin this step-up again: a fresh login is its own proof.')
    const { provider } = place
    const { readLoginAnswer, redeemLogin } = await loadRedeem()
    const fail = async (failure: AttemptFailure) =>
      attemptFailed(failure, await guessesLeft(domain, { subject: record.key.subject, budget: budgetOf(standing), ceremony: record.id }))
    // first, so that a provider that is away ends no sign-in that has begun
    const metadata = await provider.metadata().catch(loginUnavailable)
    const challenge = await domain.store.stepUps.takeChallenge({ id: record.id, method: 'relogin' })
    if (challenge === null) throw await fail('challenge_used')
    const login = openLogin(domain, record, challenge)
    const answer = readLoginAnswer(response)
    if (answer === undefined) throw await fail('response_malformed')
    if (!isStateOf(login, answer.state)) throw await fail('login_invalid')
    const redeemed = await redeemLogin(provider, metadata, { login, answer, now: domain.now() }).catch(loginUnavailable)
    if (!redeemed.ok) throw await fail(redeemed.failure)
    const { issuer } = provider
    const judged = judgeLogin(redeemed.claims, { issuer, sub: caller.sub, startedAt: login.startedAt, now: domain.now() })
    if (!judged.ok) throw await fail(judged.failure)
    return judged.proven
  },
}
