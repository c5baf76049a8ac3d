import type { Recovery } from '@stile/protocol'
import { mailboxIn } from '../addresses/change.ts'
import { recoveryWith } from '../recovery/index.ts'
import { isSwitchedOff } from '../standing/counted.ts'
import type { AuthenticatorRecord, Store } from '../stores/store.ts'

/** What a subject has enrolled and can fall back on. */
export type Summary = Readonly<{
  subject: string
  authenticators: readonly (Pick<AuthenticatorRecord, 'id' | 'name' | 'createdAt' | 'lastUsedAt' | 'boundBy'> &
    Readonly<{ method: string; disabled?: true }>)[]
  recovery: Recovery
  sessions: number
}>

/** Reads it; `now` in whole seconds since the epoch. */
export async function summaryOf(store: Store, subject: string, now: number): Promise<Summary> {
  const [records, codes, address, sessions] = await Promise.all([
    store.authenticators.list(subject),
    store.recovery.codes(subject),
    store.addresses.get(subject),
    store.sessions.list({ subject, now }),
  ])
  return {
    subject,
    authenticators: records.map((record) => {
      const { id, name, createdAt, lastUsedAt, boundBy, data } = record
      const used = lastUsedAt === undefined ? {} : { lastUsedAt }
      return { id, method: data.method, name, createdAt, ...used, boundBy, ...(isSwitchedOff(record) && { disabled: true as const }) }
    }),
    recovery: recoveryWith(codes, address === null ? undefined : mailboxIn(address, now)),
    sessions: sessions.length,
  }
}

/** The summary as text for people. */
export function inWords({ subject, authenticators, recovery, sessions }: Summary): string {
  const { email, codesLeft, codesMadeAt } = recovery
  const changing = email?.suspendedUntil === undefined ? '' : `, about to change on ${timeOf(email.suspendedUntil)}`
  return [
    subject,
    ...(authenticators.length === 0 ? ['  nothing enrolled'] : []),
    ...authenticators.map(({ name, method, createdAt, lastUsedAt, boundBy, disabled }) => {
      const used = lastUsedAt === undefined ? 'never used' : `last used ${timeOf(lastUsedAt)}`
      return `  ${method} “${name}”: added ${timeOf(createdAt)} with ${boundBy.method}, ${used}${disabled ? ', SWITCHED OFF after too many wrong codes' : ''}`
    }),
    `  recovery codes: ${codesMadeAt === undefined ? 'none were ever made' : `${codesLeft} left, made ${timeOf(codesMadeAt)}`}`,
    `  mail address: ${email === undefined ? 'none is known' : `${email.hint}${changing}`}`,
    `  open sessions: ${sessions}`,
    '',
  ].join('\n')
}

/** Whole seconds since the epoch as text for people. */
export function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
