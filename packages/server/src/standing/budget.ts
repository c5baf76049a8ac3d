import type { KeyBudget } from '../stores/store.ts'
import type { Standing } from './standing.ts'

/**
 * Whose budget a caller takes from, of guesses and of all else that a thief could use up.
 *
 * A device key is the owner's if a login belongs to it, if somebody has signed in on it since, or if it has proven to belong to them. All
 * others, such as that of a thief with a session token, share the other budget.
 */
export function budgetOf({ caller, proofs, isKnownDevice }: Pick<Standing, 'caller' | 'proofs' | 'isKnownDevice'>): KeyBudget {
  const isOwner = caller.vouchedBy !== 'none' || isKnownDevice || proofs.some(({ method }) => method === 'relogin')
  return isOwner ? 'owner' : 'others'
}
