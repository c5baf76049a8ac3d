import { StileError } from '../error.ts'
import type { IssuerOptions } from '../options/options.ts'

/** What tells whose accounts are whose. */
type Accounts = Pick<IssuerOptions, 'id' | 'accounts'>

/**
 * The account that a session token names, as licenses are kept for it.
 *
 * The accounts of an issuer that has its own begin with its id and a colon; a subject without one has `<issuer id>|<sub>`. So an issuer that
 * shares its names, or is the only one that names any, still cannot name what belongs to another.
 *
 * @param issuers  every issuer of the configuration
 * @throws {StileError} `invalid_token` if the account belongs to another issuer
 */
export function accountNamed(name: string | undefined, { id, accounts }: Accounts, issuers: readonly Accounts[]): string | undefined {
  if (name === undefined) return undefined
  if (accounts === 'own') return `${id}:${name}`
  const owner = issuers.find((each) => each.id !== id && (name.startsWith(`${each.id}|`) || isOwnOf(each, name)))
  if (owner === undefined) return name
  throw new StileError(
    'invalid_token',
    `The session token names an account that belongs to the issuer "${owner.id}". Check the account claim of the issuer "${id}".`,
  )
}

function isOwnOf({ id, accounts }: Accounts, name: string): boolean {
  return accounts === 'own' && name.startsWith(`${id}:`)
}
