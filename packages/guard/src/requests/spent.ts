import type { GuardRequest } from './request.ts'

/** What a proof was given for. */
export type Presented = Readonly<{ token: string; proof: unknown }>

/** Which proof has counted for a request: it counts once, however many features are asked for while the request is handled. */
export type SpentProofs = Readonly<{
  mark(request: GuardRequest, presented: Presented): void
  isSpent(request: GuardRequest, presented: Presented): boolean
}>

type Mark = Presented & Readonly<{ request: GuardRequest }>

/**
 * Makes the memory of proofs that have counted. It lies in the requests, so that nothing of a request outlives it, under a symbol that
 * nobody else has: another guard does not take over what this one has verified.
 */
export function createSpentProofs(): SpentProofs {
  const spent = Symbol('stile guard spent')
  // the few that an application has frozen
  const frozen = new WeakMap<GuardRequest, Mark>()

  return {
    mark(request, { token, proof }) {
      const mark: Mark = { request, token, proof }
      if (Object.isExtensible(request)) (request as { [spent]?: Mark })[spent] = mark
      else frozen.set(request, mark)
    },
    isSpent(request, { token, proof }) {
      const mark = (request as { [spent]?: Mark })[spent] ?? frozen.get(request)
      // a copy of a request brings its mark with it, and is another request
      return mark !== undefined && mark.request === request && mark.token === token && mark.proof === proof
    },
  }
}
