import type { EvidenceDomain } from '../standing/domain.ts'
import type { Keyring } from './keyring.ts'

/** What decisions and actions get passed in, which is everything: the evidence, and the keys that sign what was decided. */
export type Domain = EvidenceDomain & Readonly<{ keyring: Keyring }>
