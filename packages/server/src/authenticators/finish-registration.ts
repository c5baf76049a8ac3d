import { AUTHENTICATORS_FEATURE, type Authenticator, type Level } from '@stile/protocol'
import type { z } from 'zod'
import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import { guessesLeft, takeGuess } from '../guesses/guesses.ts'
import { readBody } from '../input/body.ts'
import { attemptFailed } from '../methods/failure.ts'
import { matchTotp, TOTP_AMR, totpSecretContext } from '../methods/totp/totp.ts'
import { typedCode } from '../methods/typed-code.ts'
import { ENROLMENT_VERIFICATION, loadCeremonies, webauthnAmr } from '../methods/webauthn/index.ts'
import { recordProof } from '../proofs/record.ts'
import type { Caller } from '../sessions/caller.ts'
import { sessionEnded } from '../sessions/session-ended.ts'
import { budgetOf } from '../standing/budget.ts'
import { countsNow, publicAuthenticator } from '../standing/counted.ts'
import type { Standing } from '../standing/standing.ts'
import type { AuthenticatorRecord, BoundBy, RegistrationRecord, TotpData, WebAuthnData } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { type Admitted, admit } from './admit.ts'
import { FINISH_REGISTRATION_BODY } from './body.ts'
import { defaultName } from './default-name.ts'
import { hasNothingAboveSession } from './gate.ts'
import { authenticatorIdOf, mostFor, openRegistration, registrationExpired, tooManyAuthenticators } from './registration.ts'

const UNVERIFIED_KEY =
  'This key did not ask for its PIN or your finger, which a security key must do. Set a PIN on it, or add it as a passkey: that works without.'

/** What an enrolment made, and what making it has proven. */
type Made = Readonly<{ data: WebAuthnData | TotpData; level: Level }>

/**
 * Finishes an enrolment; body `{ response, name? }`.
 *
 * The gate is asked again, because the risk or what is enrolled may have changed since. The ceremony itself counts as a proof given now.
 *
 * @throws {StileError} `invalid_request`, `registration_expired`, `attempt_failed`, `too_many_attempts`, `conflict`,
 *   `insufficient_user_authentication`, `denied`, `session_ended`
 */
export async function finishRegistration(domain: Domain, caller: Caller, id: string, body: unknown): Promise<Authenticator> {
  const given = readBody(FINISH_REGISTRATION_BODY, body)
  return domain.inTurn(`registration ${id}`, () => finish(domain, caller, id, given))
}

async function finish(
  domain: Domain,
  caller: Caller,
  id: string,
  { response, name }: z.infer<typeof FINISH_REGISTRATION_BODY>,
): Promise<Authenticator> {
  const registration = await openRegistration(domain, caller, id)
  const { standing, gate, operation, prover } = await admit(
    domain,
    caller,
    { change: 'add', method: registration.method },
    { registration },
  )
  if (standing.authenticators.length >= mostFor(gate)) throw tooManyAuthenticators()
  const { data, level } =
    registration.method === 'totp'
      ? await makeTotp(domain, standing, { registration, response })
      : await makeWebAuthn(domain, standing, { registration, response })
  // what a recovery let in hands it on to what it lets in
  const recovery = gate.ticket === undefined ? prover?.recovery : (gate.ticket.recovery ?? { at: domain.now(), told: false })
  const record: AuthenticatorRecord = {
    id: authenticatorIdOf(registration.id),
    subject: caller.subject,
    level,
    name: name ?? (await defaultName(domain, caller, { data, existing: standing.authenticators })),
    createdAt: domain.now(),
    boundBy: boundBy(registration, gate),
    ...(recovery && { recovery }),
    data,
  }
  await create(domain, caller, { registration, record, standing, gate, operation })
  const counted = countsNow(domain, record)
  const after: Standing = { ...standing, authenticators: [...standing.authenticators, counted] }
  const amr = data.method === 'totp' ? TOTP_AMR : webauthnAmr(counted.level)
  await recordProof(domain, after, {
    method: data.method,
    level: counted.level,
    amr,
    authTime: record.createdAt,
    authenticatorId: record.id,
  })
  return publicAuthenticator(counted)
}

/** An enrolment, and what was answered to it. */
type Answer = Readonly<{ registration: RegistrationRecord; response: unknown }>

/** The enrolment is taken before its answer is looked at: its challenge is answered once. */
async function makeWebAuthn(domain: Domain, standing: Standing, { registration, response }: Answer): Promise<Made> {
  const { verifyRegistration } = await loadCeremonies()
  await take(domain, registration)
  const method = registration.method === 'security-key' ? 'security-key' : 'passkey'
  const result = await verifyRegistration({
    response,
    challenge: registration.secret,
    rp: domain.options.webauthn,
    method,
    userVerification: ENROLMENT_VERIFICATION[method],
  })
  if (result.ok) return { data: result.data, level: result.level }
  const isUnverified = method === 'security-key' && result.failure === 'user_verification_missing'
  const left = await guessesLeft(domain, { subject: registration.key.subject, budget: budgetOf(standing), ceremony: registration.id })
  throw attemptFailed(result.failure, left, { detail: isUnverified ? UNVERIFIED_KEY : undefined })
}

/**
 * A wrong code leaves the enrolment open until the guesses are used up; the step of the right one is the last step that was accepted.
 *
 * Its step may be one in which another app of the subject was used: that app has often just opened the gate, the new secret was never used,
 * and the step counts for all apps from here on.
 */
async function makeTotp(domain: Domain, standing: Standing, { registration, response }: Answer): Promise<Made> {
  const { subject } = registration.key
  const place = { subject, budget: budgetOf(standing), ceremony: registration.id }
  const code = await typedCode(domain, place, response)
  const guess = await takeGuess(domain, place)
  let step: number | undefined
  try {
    const secret = domain.sealer.open(registration.secret, totpSecretContext(subject, authenticatorIdOf(registration.id)))
    step = matchTotp({ secret, code, now: domain.now(), windowSteps: domain.options.totp.windowSteps })
    if (step === undefined && guess.last) await domain.store.registrations.take(registration.id)
  } catch (error) {
    await guess.forgive()
    throw error
  }
  if (step === undefined) {
    await guess.wrong()
    throw attemptFailed('wrong_code', guess.left)
  }
  await guess.forgive()
  await take(domain, registration)
  return { data: { method: 'totp', sealedSecret: registration.secret, lastStep: step, failures: 0 }, level: 'mfa' }
}

async function take(domain: Domain, { id }: RegistrationRecord): Promise<void> {
  if ((await domain.store.registrations.take(id)) === null) throw registrationExpired()
}

/** Writes the authenticator. If the store fails, the enrolment is put back, so that nobody has to scan another code. */
async function create(
  domain: Domain,
  caller: Caller,
  {
    registration,
    record,
    standing,
    gate,
    operation,
  }: Readonly<{
    registration: RegistrationRecord
    record: AuthenticatorRecord
    standing: Standing
    gate: Admitted['gate']
    operation: Admitted['operation'] | undefined
  }>,
): Promise<void> {
  const { ticket } = gate
  const limit = mostFor(gate)
  const { authenticators, registrations } = domain.store
  const change = { at: record.createdAt, type: 'authenticators', subject: record.subject } as const
  const { name, data } = record
  let created: boolean
  try {
    const notices = await noticeFor(domain, caller, 'authenticator_added', { method: data.method, name })
    const begun = { key: registration.key, at: registration.createdAt }
    const beside = ticket === undefined && hasNothingAboveSession(standing) && { beside: standing.authenticators.map(({ id }) => id) }
    const used = ticket ? { ticket: { key: ticket.key, validAfter: registration.createdAt } } : operation && { operation }
    created = await authenticators.create({ record, limit, change, notices, begun, ...beside, ...used })
  } catch (error) {
    // the challenge of a passkey has been answered: it stays used up
    if (data.method === 'totp') await registrations.create(registration).catch(() => undefined)
    throw error
  }
  if (created) return
  // another enrolment was let in meanwhile by what would have let in this one: what that has enrolled is asked for now
  if (ticket !== undefined || operation !== undefined || hasNothingAboveSession(standing))
    await admit(domain, caller, { change: 'add', method: registration.method }, { registration })
  const isTaken = data.method !== 'totp' && (await authenticators.findByCredentialId(data.credentialId)) !== null
  if (!isTaken && (await authenticators.list(record.subject)).length < limit)
    throw await sessionEnded(domain, caller, 'This session was ended while you were adding an authenticator. Sign in again.')
  throw new StileError(
    'conflict',
    'This could not be enrolled: it is enrolled already, or you have as many authenticators as there may be. Use another one, or remove one first.',
    { feature: AUTHENTICATORS_FEATURE },
  )
}

/** What opened the gate when it began; a ticket only if this enrolment uses it up. */
function boundBy({ boundBy: began }: RegistrationRecord, { by, ticket }: Admitted['gate']): BoundBy {
  const isTicket = began.method === 'recovery-code' || began.method === 'admin'
  return ticket !== undefined || isTicket ? by : began
}
