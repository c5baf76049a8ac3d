import type { KeyBudget } from '../stores/store.ts'
import type { Standing } from './standing.ts'

/**
 * Whose budget a caller takes from, of guesses and of all else that a thief could use up.
 *
 * A device key is the owner's if a login belongs to it, if somebody has signed in on it since, or if it has proven to belong to them. All
 * others, such as that of a thief with a session token, share the other budget. Any other proof is not enough, although a key that gave one
 * is never put out for another: somebody who reads the mailbox or guesses a code must not use up what the owner has.
 */
export function budgetOf({ caller, proofs, isKnownDevice }: Pick<Standing, 'caller' | 'proofs' | 'isKnownDevice'>): KeyBudget {
  const isOwner = caller.vouchedBy !== 'none' || isKnownDevice || proofs.some(({ method }) => method === 'relogin')
  return isOwner ? 'owner' : 'others'
}
