import { type AttemptFailure, type Requirement, satisfies } from '@stile/protocol'
import { webauthnAmr } from '../../attestation/amr.ts'
import { guessesLeft } from '../../guesses/guesses.ts'
import { budgetOf } from '../../standing/budget.ts'
import { attemptFailed } from '../failure.ts'
import type { AuthenticationMethod } from '../method.ts'
import { wayByAuthenticator } from '../method.ts'
import { loadCeremonies } from './load.ts'
import { CHALLENGE_BYTES } from './relying-party.ts'
import { userHandleOf } from './user-handle.ts'

/** Passkeys. */
export const passkey: AuthenticationMethod = webauthnMethod('passkey')

/** Security keys: as passkeys, but enrolled with the word of their maker, which alone can make them count as `phrh`. */
export const securityKey: AuthenticationMethod = webauthnMethod('security-key')

function webauthnMethod(method: 'passkey' | 'security-key'): AuthenticationMethod {
  return {
    name: method,
    isServed: () => true,
    isEnrollable: true,
    startsAtOnce: true,
    way: (_, standing, requirement) => wayByAuthenticator(method, standing, requirement),

    // each method has a challenge of its own
    async start(domain, { record, way, requirement }) {
      const { requestOptions } = await loadCeremonies()
      const start = await requestOptions({
        rp: domain.options.webauthn,
        challenge: new Uint8Array(domain.random(CHALLENGE_BYTES)),
        credentials: way.authenticators,
        userVerification: userVerificationFor(requirement),
        timeoutSeconds: Math.max(record.expiresAt - domain.now(), 1),
      })
      return { start, challenge: start.challenge }
    },

    // its challenge is taken first, so that it is answered once, whatever comes of it
    async prove(domain, { record, standing, way, requirement }, response) {
      const { verifyAuthentication } = await loadCeremonies()
      const { store, options } = domain
      const budget = budgetOf(standing)
      const fail = async (failure: AttemptFailure) =>
        attemptFailed(failure, await guessesLeft(domain, { subject: record.key.subject, budget, ceremony: record.id }))
      const challenge = await store.stepUps.takeChallenge({ id: record.id, method })
      if (challenge === null) throw await fail('challenge_used')
      const result = await verifyAuthentication({
        response,
        challenge,
        credentials: way.authenticators,
        userHandle: await userHandleOf(domain, record.key.subject),
        rp: options.webauthn,
        userVerification: userVerificationFor(requirement),
      })
      if (!result.ok) throw await fail(result.failure)
      const { authenticator, level, expectedCounter, counter, backupState } = result
      const { id } = authenticator
      const now = domain.now()
      return {
        method,
        level,
        amr: webauthnAmr(level),
        authTime: now,
        authenticatorId: id,
        use: { id, expectedCounter, counter, backupState, now },
      }
    },
  }
}

/** Whether a requirement is such that the device must verify its user. */
function userVerificationFor(requirement: Requirement): 'required' | 'preferred' {
  return satisfies('mfa', requirement.level) ? 'preferred' : 'required'
}
