import type { Router } from 'express'
import { noticeFor } from '../../addresses/notice-for.ts'
import { StileError } from '../../error.ts'
import { isName, namedSubject } from '../../input/name.ts'
import { endSession, endSessions } from '../../sessions/end-sessions.ts'
import { keyAccess } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import { NOTHING } from '../endpoint/answer.ts'
import { addEndpoint } from '../endpoint/endpoint.ts'

/**
 * What support does for somebody whose device was lost: end sessions, all of a subject or one. `?devices=forget` with all of them makes
 * every device unknown. Ending what has ended does nothing; the end of all is told by mail.
 */
export function addAdminSessionRoutes(router: Router, context: HttpContext): void {
  const access = keyAccess(['sessions:write'])
  addEndpoint(router, context, {
    path: '/v1/admin/sessions/:subject',
    access,
    methods: {
      async DELETE({ running: { domain }, param, query }) {
        const subject = namedSubject(domain, param('subject'))
        const devices = query('devices')
        if (devices !== undefined && devices !== 'forget')
          throw new StileError(
            'invalid_request',
            'The parameter "devices" can only be "forget". Leave it out if the devices are to stay known. Nothing was ended.',
          )
        const forgetDevices = devices === 'forget'
        const notices = await noticeFor(domain, subject, 'sessions_ended', forgetDevices ? { devices: 'forgotten' } : {})
        await endSessions(domain, { subject, forgetDevices, notices })
        return NOTHING
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/sessions/:subject/:sid',
    access,
    methods: {
      async DELETE({ running: { domain }, param }) {
        const sid = param('sid')
        if (!isName(sid)) throw new StileError('invalid_request', 'The session id cannot be one. Send it as the token has it in "sid".')
        await endSession(domain, { subject: namedSubject(domain, param('subject')), sid })
        return NOTHING
      },
    },
  })
}
