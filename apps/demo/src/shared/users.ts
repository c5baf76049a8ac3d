import { scryptSync, timingSafeEqual } from 'node:crypto'

/** Who can sign in: one user per tier. The password of all of them is `stile`. */
export type User = Readonly<{ sub: string; account: string; name: string; tier: string; email: string }>

const USERS: readonly User[] = (
  [
    ['basic', 'Basic user'],
    ['pro', 'Pro user'],
    ['enterprise', 'Enterprise user'],
  ] as const
).map(([tier, name]) => ({ sub: tier, account: `acme-${tier}`, name, tier, email: `${tier}@quarterly.example` }))

const SALT = 'demo'
const PASSWORD = scryptSync('stile', SALT, 32)

/** Every user, so that each account gets the license it starts with. */
export function allUsers(): readonly User[] {
  return USERS
}

/** The user with this `sub`, or `undefined`. */
export function userOf(sub: string): User | undefined {
  return USERS.find((user) => user.sub === sub)
}

/**
 * The user of a name (or address) and a password, or `undefined`; a name that does not exist takes as long as a wrong password.
 */
export function authenticate(name: unknown, password: unknown): User | undefined {
  const given = scryptSync(typeof password === 'string' ? password.slice(0, 200) : '', SALT, 32)
  const right = timingSafeEqual(given, PASSWORD)
  const user = USERS.find(({ sub, email }) => sub === name || email === name)
  return right ? user : undefined
}
