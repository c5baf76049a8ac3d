import { scryptSync, timingSafeEqual } from 'node:crypto'
import { env } from './env.ts'

/** Somebody who can sign in to the demo. The password of everybody is `stile`. */
export type User = Readonly<{ sub: string; account: string; name: string; tier: string; email: string }>

const NAMES: Readonly<Record<string, string>> = { basic: 'Basic user', pro: 'Pro user', enterprise: 'Enterprise user' }
const EMAIL_DOMAIN = '@quarterly.example'
/** A tier, a plus sign and a word, as in `pro+anna`. */
const GUEST = /^(basic|pro|enterprise)\+[a-z0-9]{1,40}$/

const USERS: readonly User[] = Object.keys(NAMES).map((tier) => userWith(tier, tier))

const SALT = 'demo'
const PASSWORD = scryptSync('stile', SALT, 32)

/** The users that are always there, one for each tier. */
export function namedUsers(): readonly User[] {
  return USERS
}

/**
 * The user with this `sub`, or `undefined`.
 *
 * If `DEMO_GUESTS=on`, `pro+anna` is somebody on the plan Pro who has an account, a license and an address of their own, and so it is for
 * each tier and each word of letters and digits. Tests begin with such a guest, whom no earlier test has touched.
 */
export function userOf(sub: string): User | undefined {
  const named = USERS.find((user) => user.sub === sub)
  if (named) return named
  const tier = env.guests ? GUEST.exec(sub)?.[1] : undefined
  return tier === undefined ? undefined : userWith(sub, tier)
}

/**
 * The user of a name (or address) and a password, or `undefined`; a name that does not exist takes as long as a wrong password.
 */
export function authenticate(name: unknown, password: unknown): User | undefined {
  const given = scryptSync(typeof password === 'string' ? password.slice(0, 200) : '', SALT, 32)
  const right = timingSafeEqual(given, PASSWORD)
  const user = typeof name === 'string' ? userOf(name.endsWith(EMAIL_DOMAIN) ? name.slice(0, -EMAIL_DOMAIN.length) : name) : undefined
  return right ? user : undefined
}

function userWith(sub: string, tier: string): User {
  return { sub, account: `acme-${sub}`, name: NAMES[tier] ?? sub, tier, email: `${sub}${EMAIL_DOMAIN}` }
}
