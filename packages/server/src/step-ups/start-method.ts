import type { StepUp } from '@stile/protocol'
import { guessesLeft } from '../guesses/guesses.ts'
import type { Caller } from '../sessions/caller.ts'
import { budgetOf } from '../standing/budget.ts'
import { loadStanding } from '../standing/standing.ts'
import type { Domain } from '../tokens/domain.ts'
import { requirementNow } from './demand.ts'
import { openStepUp } from './open.ts'
import { shownStepUp } from './start.ts'
import { shownWay, startWay, wayFor, waysFor } from './ways.ts'

/**
 * Starts another method of an open step-up, or the same one again: what was started before of that method is void.
 *
 * @throws {StileError} `step_up_expired`, `method_unavailable`, and what the policy says now
 */
export async function startMethod(domain: Domain, caller: Caller, id: string, method: string): Promise<StepUp> {
  const record = await openStepUp(domain, caller, id)
  const standing = await loadStanding(domain, caller)
  const requirement = requirementNow(domain, standing, record)
  const ways = waysFor(domain, standing, { ...record, requirement })
  const chosen = wayFor(standing, ways, method)
  const started = await startWay(domain, chosen, { record, standing, requirement })
  return {
    ...shownStepUp({ ...record, requirement }),
    status: 'open',
    methods: ways.map((way) => (way === chosen ? started : shownWay(way))),
    attemptsLeft: await guessesLeft(domain, { subject: record.key.subject, budget: budgetOf(standing), ceremony: record.id }),
  }
}
