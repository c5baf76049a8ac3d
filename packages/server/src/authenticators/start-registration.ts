import type { Registration } from '@stile/protocol'
import { readBody } from '../input/body.ts'
import { encodeBase32 } from '../methods/totp/base32.ts'
import { otpauthUri, TOTP_SECRET_BYTES, totpSecretContext } from '../methods/totp/totp.ts'
import { CHALLENGE_BYTES, loadCeremonies } from '../methods/webauthn/index.ts'
import { userHandleOf } from '../methods/webauthn/user-handle.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionKey } from '../sessions/session-key.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { admit, registrationIdFor } from './admit.ts'
import { START_REGISTRATION_BODY } from './body.ts'
import { authenticatorIdOf, MOST_AUTHENTICATORS, mostFor, REGISTRATION_SECONDS, tooManyAuthenticators } from './registration.ts'

const LONGEST_USER_NAME = 64

/** What the browser gets to make the authenticator, and what the store keeps to check it. */
type Started = Readonly<{ method: Registration['method']; start: unknown; secret: string }>

/**
 * Starts an enrolment; body `{ method: 'passkey' | 'security-key' | 'totp' }`.
 *
 * What opened the gate is remembered, so that the authenticator says for ever what bound it. An enrolment that is started again for the same
 * operation takes the place of the former one, whose challenge or secret is then void.
 *
 * @throws {StileError} `invalid_request`, `insufficient_user_authentication`, `denied`, `conflict`
 */
export async function startRegistration(domain: Domain, caller: Caller, body: unknown): Promise<Registration> {
  const { method } = readBody(START_REGISTRATION_BODY, body)
  await refuseIfFull(domain, caller)
  const admitted = await admit(domain, caller, { change: 'add', method })
  const { standing, gate } = admitted
  if (standing.authenticators.length >= mostFor(gate)) throw tooManyAuthenticators()
  const id = registrationIdFor(domain, admitted)
  const now = domain.now()
  const expiresAt = now + REGISTRATION_SECONDS
  const started = method === 'totp' ? startTotp(domain, caller, id) : await startWebAuthn(domain, caller, method, standing.authenticators)
  await domain.store.registrations.create({
    id,
    key: sessionKey(caller),
    method,
    secret: started.secret,
    boundBy: gate.by,
    createdAt: now,
    expiresAt,
  })
  return { id, expiresAt, method: started.method, start: started.start } as Registration
}

/** Whoever has as many as there may be is told before they are asked for a proof. */
async function refuseIfFull({ store }: Domain, caller: Caller): Promise<void> {
  if (caller.actor !== undefined || (await store.recovery.ticket(sessionKey(caller))) !== null) return
  if ((await store.authenticators.list(caller.subject)).length >= MOST_AUTHENTICATORS) throw tooManyAuthenticators()
}

async function startWebAuthn(
  domain: Domain,
  caller: Caller,
  method: 'passkey' | 'security-key',
  exclude: readonly AuthenticatorRecord[],
): Promise<Started> {
  const { creationOptions } = await loadCeremonies()
  const handle = await userHandleOf(domain, caller.subject)
  const start = await creationOptions({
    method,
    rp: domain.options.webauthn,
    challenge: new Uint8Array(domain.random(CHALLENGE_BYTES)),
    user: { handle: new Uint8Array(Buffer.from(handle, 'base64url')), name: userName(caller) },
    exclude,
    timeoutSeconds: REGISTRATION_SECONDS,
  })
  return { method, start, secret: start.challenge }
}

function startTotp(domain: Domain, caller: Caller, id: string): Started {
  const secret = domain.random(TOTP_SECRET_BYTES)
  const uri = otpauthUri({ secret, issuer: domain.options.webauthn.rpName, account: userName(caller) })
  const sealed = domain.sealer.seal(secret, totpSecretContext(caller.subject, authenticatorIdOf(id)))
  return { method: 'totp', start: { secret: encodeBase32(secret), uri }, secret: sealed }
}

/** What an authenticator shows beside the entry, so that people with two of them know which is which. */
function userName({ displayName, sub }: Caller): string {
  const name = (displayName ?? '').trim()
  return Array.from(name === '' ? sub : name)
    .slice(0, LONGEST_USER_NAME)
    .join('')
}
