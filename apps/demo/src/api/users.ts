import { scryptSync, timingSafeEqual } from 'node:crypto'

/** Who can sign in: one user per tier. The password of all of them is `stile`. */
export type User = Readonly<{ sub: string; account: string; name: string; tier: string }>

const USERS: readonly User[] = [
  { sub: 'basic', account: 'acme-basic', name: 'Basic user', tier: 'basic' },
  { sub: 'pro', account: 'acme-pro', name: 'Pro user', tier: 'pro' },
  { sub: 'enterprise', account: 'acme-enterprise', name: 'Enterprise user', tier: 'enterprise' },
]

const SALT = 'demo'
const PASSWORD = scryptSync('stile', SALT, 32)

/** Every user, so that each account gets the license it starts with. */
export function allUsers(): readonly User[] {
  return USERS
}

/** The user of a name and a password, or `undefined`; a name that does not exist takes as long as a wrong password. */
export function authenticate(name: unknown, password: unknown): User | undefined {
  const given = scryptSync(typeof password === 'string' ? password.slice(0, 200) : '', SALT, 32)
  const right = timingSafeEqual(given, PASSWORD)
  const user = USERS.find(({ sub }) => sub === name)
  return right ? user : undefined
}
