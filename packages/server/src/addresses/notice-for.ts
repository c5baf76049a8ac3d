import type { NoticeContent } from '../messages/message.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { NewNotice, NoticeKind } from '../stores/store.ts'
import { type AddressOwner, mailboxOf } from './mailbox.ts'
import { newNotice } from './notices.ts'

/**
 * The notice of a change, for the verb of the store that makes the change: both are then committed or neither.
 *
 * It goes to the pinned address, also while that is about to be replaced. It is empty if there is no mail or no address.
 *
 * @param who  the caller whose change it is, or the subject if there is no caller
 * @param data  what it says, never a secret
 */
export async function noticeFor<Kind extends NoticeKind>(
  domain: FactsDomain,
  who: AddressOwner | string,
  kind: Kind,
  data: NoticeContent<Kind>,
): Promise<readonly NewNotice[]> {
  const subject = typeof who === 'string' ? who : who.subject
  if (domain.mail === undefined) return []
  const mailbox = await mailboxOf(domain, who)
  if (mailbox !== undefined) return [newNotice(domain, { subject, to: mailbox.address, kind, data })]
  domain.options.log.debug({ subject, kind }, 'no notice is sent, because no address of the subject is known')
  return []
}
