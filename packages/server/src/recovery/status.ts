import type { Recovery } from '@stile/protocol'
import type { Mailbox } from '../addresses/change.ts'
import { mailboxOf } from '../addresses/mailbox.ts'
import { maskAddress } from '../messages/address.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { Caller } from '../sessions/caller.ts'
import type { Store } from '../stores/store.ts'

/** What a subject can fall back on. Someone who acts for a subject sees nothing of it. */
export async function recoveryOf(domain: FactsDomain, who: Caller | string): Promise<Recovery> {
  if (typeof who !== 'string' && who.actor !== undefined) return { codesLeft: 0 }
  const subject = typeof who === 'string' ? who : who.subject
  const [codes, mailbox] = await Promise.all([domain.store.recovery.codes(subject), domain.mail && mailboxOf(domain, who)])
  return { help: domain.options.help, ...recoveryWith(codes, mailbox) }
}

/** The same, of what is stored. */
export function recoveryWith(codes: Awaited<ReturnType<Store['recovery']['codes']>>, mailbox: Mailbox | undefined): Recovery {
  const suspendedUntil = mailbox?.suspendedUntil
  return {
    codesLeft: codes.left,
    ...(codes.madeAt !== undefined && { codesMadeAt: codes.madeAt }),
    ...(mailbox && { email: { hint: maskAddress(mailbox.address), ...(suspendedUntil !== undefined && { suspendedUntil }) } }),
  }
}
