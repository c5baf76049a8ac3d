import type { Router } from 'express'
import { endSubjectSession, endSubjectSessions } from '../../subjects/end-subject-sessions.ts'
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
        await endSubjectSessions(domain, param('subject'), query('devices'))
        return NOTHING
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/sessions/:subject/:sid',
    access,
    methods: {
      async DELETE({ running: { domain }, param }) {
        await endSubjectSession(domain, param('subject'), param('sid'))
        return NOTHING
      },
    },
  })
}
