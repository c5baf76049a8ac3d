import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import { isName, namedSubject } from '../input/name.ts'
import type { FactsDomain } from '../options/domain.ts'
import { endSession, endSessions } from '../sessions/end-sessions.ts'

/**
 * Ends all sessions of a subject for an administrator, and tells the subject by mail.
 *
 * @param devices  `forget` makes every device unknown; absent if they stay known
 * @throws {StileError} `invalid_request`
 */
export async function endSubjectSessions(domain: FactsDomain, text: string, devices: string | undefined): Promise<void> {
  const subject = namedSubject(domain, text)
  if (devices !== undefined && devices !== 'forget')
    throw new StileError(
      'invalid_request',
      'The parameter "devices" can only be "forget". Leave it out if the devices are to stay known. Nothing was ended.',
    )
  const forgetDevices = devices === 'forget'
  const notices = await noticeFor(domain, subject, 'sessions_ended', forgetDevices ? { devices: 'forgotten' } : {})
  await endSessions(domain, { subject, forgetDevices, notices })
}

/**
 * Ends one session of a subject for an administrator; a later login begins it again.
 *
 * @throws {StileError} `invalid_request`
 */
export async function endSubjectSession(domain: FactsDomain, text: string, sid: string): Promise<void> {
  if (!isName(sid)) throw new StileError('invalid_request', 'The session id cannot be one. Send it as the token has it in "sid".')
  await endSession(domain, { subject: namedSubject(domain, text), sid })
}
