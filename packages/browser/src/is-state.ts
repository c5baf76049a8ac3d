import type { State } from '@stile/protocol'

/** Whether something is a state as far as the SDK reads it: what another server answers, or another tab sends, is not. */
export function isState(value: unknown): value is State {
  const { revision, now, subject, tiers, decisions, authenticators, token } = (value ?? {}) as Partial<State>
  return (
    typeof revision === 'number' &&
    typeof now === 'number' &&
    typeof subject === 'string' &&
    (!token || typeof token.token === 'string') &&
    Array.isArray(tiers) &&
    Array.isArray(authenticators) &&
    !!decisions &&
    Object.values(decisions).every(
      (each) => Array.isArray(each?.reasons) && (each.outcome === 'permit' || each.outcome === 'deny' || each.next),
    )
  )
}
