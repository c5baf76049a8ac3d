import type { Registration } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** Starts an enrolment; body `{ method: 'passkey' | 'totp' }`. */
export async function startRegistration(_domain: Domain, _caller: Caller, _body: unknown): Promise<Registration> {
  throw new StileError('internal', 'Not there yet.')
}
