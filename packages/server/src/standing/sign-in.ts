import { meets } from '@stile/policy'
import type { Requirement } from '@stile/protocol'
import { placeOf } from '../login-providers/place.ts'
import type { EvidenceDomain } from './domain.ts'
import type { Standing } from './standing.ts'

/**
 * What is missing of a sign-in that opens the first enrolment or recovery; nothing if it is proven.
 *
 * A login that only belongs to the first key that brought it does not count there: a session token may have been stolen before its owner
 * came with it. Signing in again at the login provider counts, because the service ran it for this very key; if there is no such provider,
 * a code to the pinned address beside the login.
 *
 * @param signIn  the sign-in that is asked for, with its level and age
 */
export function missingSignIn(
  domain: Pick<EvidenceDomain, 'options' | 'logins'>,
  { caller, proofs, now }: Standing,
  signIn: Requirement,
): Requirement | undefined {
  if (!meets(signIn, { proofs }, now)) return signIn
  const isVouched = caller.vouchedBy === 'issuer'
  if (isVouched || meets(signIn, { proofs: proofs.filter(({ method }) => method !== 'login') }, now)) return undefined
  const code: Requirement = { ...signIn, level: 'session', methods: ['email-otp'] }
  if (meets(code, { proofs }, now)) return undefined
  return placeOf(domain, caller) === undefined ? code : signIn
}
