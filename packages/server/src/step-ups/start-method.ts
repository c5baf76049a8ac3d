import type { StepUp } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** Starts another method of an open step-up, or the same one again. */
export async function startMethod(_domain: Domain, _caller: Caller, _id: string, _method: string): Promise<StepUp> {
  throw new StileError('internal', 'Not there yet.')
}
