import type { StepUp } from '@stile/protocol'
import type { Caller, Domain } from '../domain.ts'
import { StileError } from '../error.ts'

/** Starts a step-up for a feature: `open` with the best method started, or `done` at once where it is permitted and unbound. */
export async function startStepUp(_domain: Domain, _caller: Caller, _body: unknown): Promise<StepUp> {
  throw new StileError('internal', 'Not there yet.')
}
