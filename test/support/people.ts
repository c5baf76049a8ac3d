import { randomBytes } from 'node:crypto'

/** What somebody's account has bought. */
export type Tier = 'basic' | 'pro' | 'enterprise'

/** Somebody who can sign in to the demo. */
export type DemoPerson = Readonly<{
  /** What is typed as user name, and what the issuer says in `sub`. */
  name: string
  account: string
}>

/** One person on each tier, whom no other test has seen. */
export function freshPeople(): Readonly<Record<Tier, DemoPerson>> {
  const word = randomBytes(5).toString('hex')
  const person = (tier: Tier): DemoPerson => ({ name: `${tier}+${word}`, account: `acme-${tier}+${word}` })
  return { basic: person('basic'), pro: person('pro'), enterprise: person('enterprise') }
}
