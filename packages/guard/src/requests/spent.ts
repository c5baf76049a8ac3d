import { createRequestMemory } from './memory.ts'
import type { GuardRequest } from './request.ts'

/** What a proof was given for. */
export type Presented = Readonly<{ token: string; proof: unknown }>

/** Which proof has counted for a request: it counts once, however many features are asked for while the request is handled. */
export type SpentProofs = Readonly<{
  mark(request: GuardRequest, presented: Presented): void
  isSpent(request: GuardRequest, presented: Presented): boolean
}>

/**
 * Makes the memory of proofs that have counted. It is one guard's own: another guard does not take over what this one has verified.
 */
export function createSpentProofs(): SpentProofs {
  const spent = createRequestMemory<GuardRequest, Presented>('spent')

  return {
    mark: (request, { token, proof }) => spent.set(request, { token, proof }),
    isSpent(request, { token, proof }) {
      const mark = spent.get(request)
      return mark !== undefined && mark.token === token && mark.proof === proof
    },
  }
}
