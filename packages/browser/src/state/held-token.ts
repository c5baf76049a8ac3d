import type { Band, State } from '@stile/protocol'

/** A proof that is no older tells why a state changed. The state is read again, with its token, a second after each proof. */
const OF_PROOF_SECONDS = 2

/** The higher, the worse; what is not known is worst. */
const RISK: Readonly<Record<Band, number>> = { normal: 0, elevated: 1, high: 2, critical: 3, unknown: 4 }

/**
 * A state that was told without a token, with the token of this page's own proof that was held before, if that proof is why the state has changed
 * and nothing was taken away meanwhile. Any other token was issued before the change, which ends it.
 */
export function withHeldToken(state: State, before: State): State {
  const { token } = before
  if (state.token || !token || state.now - token.authTime > OF_PROOF_SECONDS || !givesAll(state, before)) return state
  return { ...state, token }
}

/** Whether a state that was told without a token says of another proof, and of nothing else. */
export function isOfProof(state: State, before: State): boolean {
  const opens = ([name, { outcome }]: [string, { outcome: string }]) => outcome === 'permit' && before.decisions[name]?.outcome !== 'permit'
  return !state.token && givesAll(state, before) && Object.entries(state.decisions).some(opens)
}

/** Whether a state gives all that another one gave. */
function givesAll(state: State, { license, risk, authenticators, decisions }: State): boolean {
  const left = new Set(state.authenticators.map(({ id }) => id))
  return (
    JSON.stringify(state.license) === JSON.stringify(license) &&
    RISK[state.risk.band] <= RISK[risk.band] &&
    authenticators.every(({ id }) => left.has(id)) &&
    Object.entries(decisions).every(([name, { policy, outcome }]) => {
      const now = state.decisions[name]
      return now?.policy === policy && (outcome !== 'permit' || now.outcome === 'permit')
    })
  )
}
