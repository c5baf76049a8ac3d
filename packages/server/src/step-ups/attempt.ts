import type { StepUp } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** Judges an answer to an open step-up. */
export async function attempt(_domain: Domain, _caller: Caller, _id: string, _body: unknown): Promise<StepUp> {
  throw new StileError('internal', 'Not there yet.')
}
