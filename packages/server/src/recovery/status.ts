import type { Recovery } from '@stile/protocol'
import { maskAddress } from '../addresses/address.ts'
import { mailboxOf } from '../addresses/mailbox.ts'
import type { Caller, Domain } from '../domain.ts'

/** What a subject can fall back on. Someone who acts for a subject sees nothing of it. */
export async function recoveryOf(domain: Domain, who: Caller | string): Promise<Recovery> {
  if (typeof who !== 'string' && who.actor !== undefined) return { codesLeft: 0 }
  const subject = typeof who === 'string' ? who : who.subject
  const [codes, mailbox] = await Promise.all([domain.store.recovery.codes(subject), domain.mail && mailboxOf(domain, who)])
  const suspendedUntil = mailbox?.suspendedUntil
  return {
    codesLeft: codes.left,
    help: domain.options.help,
    ...(codes.madeAt !== undefined && { codesMadeAt: codes.madeAt }),
    ...(mailbox && { email: { hint: maskAddress(mailbox.address), ...(suspendedUntil !== undefined && { suspendedUntil }) } }),
  }
}
