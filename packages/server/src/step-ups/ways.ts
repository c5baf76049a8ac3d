import { canMeet } from '@stile/policy'
import { METHODS, type Method, type Requirement, type StepUpMethod, satisfies } from '@stile/protocol'
import type { Standing } from '../decisions/standing.ts'
import type { Domain } from '../domain.ts'
import { StileError } from '../error.ts'
import { CHALLENGE_BYTES, requestOptions } from '../methods/passkey/index.ts'
import type { AuthenticatorRecord, StepUpRecord } from '../stores/store.ts'

/** One way to meet a requirement: a method and what the subject has enrolled for it. */
export type Way = Readonly<{ method: Method; authenticators: readonly AuthenticatorRecord[] }>

/** The ways in which a subject can meet a requirement with what is enrolled, the best first. */
export function waysToMeet(standing: Standing, requirement: Requirement): readonly Way[] {
  return METHODS.flatMap((method): readonly Way[] => {
    if (method === 'relogin') return canRelogin(requirement) ? [{ method, authenticators: [] }] : []
    const authenticators = standing.authenticators.filter(
      ({ data, level }) => data.method === method && canMeet(requirement, { method: data.method, level }),
    )
    return authenticators.length > 0 ? [{ method, authenticators }] : []
  })
}

/** Whether a requirement is such that the device must verify its user. */
export function userVerificationFor(requirement: Requirement): 'required' | 'preferred' {
  return satisfies('mfa', requirement.level) ? 'preferred' : 'required'
}

/** Shows a way; starts it where the method has something to start. A passkey gets a new challenge, and the former one is void. */
export async function startWay(domain: Domain, record: StepUpRecord, way: Way, requirement: Requirement): Promise<StepUpMethod> {
  if (way.method !== 'passkey') return shownWay(way)
  const challenge = new Uint8Array(domain.random(CHALLENGE_BYTES))
  const start = await requestOptions({
    rp: domain.options.webauthn,
    challenge,
    credentials: way.authenticators,
    userVerification: userVerificationFor(requirement),
    timeoutSeconds: Math.max(record.expiresAt - domain.now(), 1),
  })
  await domain.store.stepUps.start({ id: record.id, method: 'passkey', challenge: start.challenge })
  return { ...shownWay(way), start }
}

/** A way as the browser lists it, not started. Where it can only be one authenticator, its name helps to find it. */
export function shownWay({ method, authenticators }: Way): StepUpMethod {
  const [only, ...others] = authenticators
  return { method, ...(only !== undefined && others.length === 0 && { hint: only.name }) }
}

/** A login proves no more than the session, and never an operation. */
function canRelogin({ level, methods, bind }: Requirement): boolean {
  return level === 'session' && methods?.includes('relogin') !== false && (bind === undefined || bind.length === 0)
}

/**
 * The way of a method that a caller chose.
 *
 * @throws {StileError} `method_unavailable` where nothing enrolled for it can meet the requirement
 */
export function wayFor(standing: Standing, ways: readonly Way[], method: string): Way {
  const way = ways.find((each) => each.method === method)
  if (way !== undefined) return way
  const tooWeak = standing.authenticators.some(({ data }) => data.method === method)
  const detail = tooWeak
    ? 'This method is not strong enough here. Choose one of those in "next".'
    : 'This method cannot be used here. Choose one of those in "next".'
  throw new StileError('method_unavailable', detail, { next: { methods: ways.map((each) => each.method) } })
}
