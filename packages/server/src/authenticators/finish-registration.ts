import type { Authenticator } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** Finishes an enrolment; body `{ response, name? }`. */
export async function finishRegistration(_domain: Domain, _caller: Caller, _id: string, _body: unknown): Promise<Authenticator> {
  throw new StileError('internal', 'Not there yet.')
}
