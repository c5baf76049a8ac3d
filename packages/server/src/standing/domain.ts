import type { AttestationTrust } from '../attestation/trust.ts'
import type { LoginProviders } from '../login-providers/provider.ts'
import type { FactsDomain } from '../options/domain.ts'

/** What the floor of evidence gets passed in: the facts, and the two places whose word it weighs. */
export type EvidenceDomain = FactsDomain &
  Readonly<{
    /** What the makers of security keys vouch for, and whether that is trusted now. */
    attestation: AttestationTrust
    /** Where users sign in again. */
    logins: LoginProviders
  }>
