import { createHash, timingSafeEqual } from 'node:crypto'
import type { SealContext } from '../../secrets/seal.ts'
import type { EvidenceDomain } from '../../standing/domain.ts'
import type { StepUpRecord } from '../../stores/store.ts'

const RANDOM_BYTES = 16
/** RFC 7636 §4.1: 32 random octets make a verifier of 43 characters. */
const VERIFIER_BYTES = 32

/** A sign-in that was begun: what only the service knows of it until it ends. */
export type BegunLogin = Readonly<{
  state: string
  nonce: string
  verifier: string
  redirectUri: string
  /** Seconds since the epoch. */
  startedAt: number
}>

/** Makes the secrets of a sign-in. Its state begins with the id of the step-up, so that the page it ends on knows what it answers. */
export function beginLogin({ random, now }: Pick<EvidenceDomain, 'random' | 'now'>, stepUpId: string, redirectUri: string): BegunLogin {
  const secret = (bytes: number) => Buffer.from(random(bytes)).toString('base64url')
  return {
    state: `${stepUpId}.${secret(RANDOM_BYTES)}`,
    nonce: secret(RANDOM_BYTES),
    verifier: secret(VERIFIER_BYTES),
    redirectUri,
    startedAt: now(),
  }
}

/** Seals a sign-in as the challenge of its step-up. */
export function sealLogin({ sealer }: Pick<EvidenceDomain, 'sealer'>, record: StepUpRecord, login: BegunLogin): string {
  return sealer.seal(JSON.stringify(login), contextOf(record))
}

/** Opens what {@link sealLogin} sealed for the same step-up. */
export function openLogin({ sealer }: Pick<EvidenceDomain, 'sealer'>, record: StepUpRecord, sealed: string): BegunLogin {
  return JSON.parse(Buffer.from(sealer.open(sealed, contextOf(record))).toString()) as BegunLogin
}

/** The PKCE challenge of a sign-in (RFC 7636 §4.2, S256). */
export function codeChallenge({ verifier }: BegunLogin): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

/** Compares a state with the one that was sent, in a time that does not tell where they differ. */
export function isStateOf({ state }: BegunLogin, given: string): boolean {
  const [left, right] = [state, given].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}

function contextOf({ id, key }: StepUpRecord): SealContext {
  return loginContext(key.subject, id)
}

/** Where a sign-in that has begun is sealed to. */
export function loginContext(subject: string, stepUpId: string): SealContext {
  return { table: 'step_up_challenges', subject, id: stepUpId }
}
