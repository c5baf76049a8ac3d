import type { Router } from 'express'
import { removeForAdmin } from '../../authenticators/index.ts'
import { forgetForAdmin } from '../../devices/devices.ts'
import { readSubject } from '../../subjects/read-subject.ts'
import { recoverSubject } from '../../subjects/recover-subject.ts'
import { setAddress } from '../../subjects/set-address.ts'
import { keyAccess } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import { NOTHING, ok } from '../endpoint/answer.ts'
import { addEndpoint } from '../endpoint/endpoint.ts'

/** What support does for a subject: look what there is, remove what is not theirs, forget a device that was lost, set the mail address, and send a recovery link. */
export function addAdminSubjectRoutes(router: Router, context: HttpContext): void {
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject',
    access: keyAccess(['subjects:read']),
    methods: { GET: async ({ running: { domain }, param }) => ok(await readSubject(domain, param('subject'))) },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject/email',
    access: keyAccess(['subjects:write']),
    methods: {
      PUT: async ({ running: { domain }, param, json }) => ok(await setAddress(domain, param('subject'), await json())),
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject/authenticators/:id',
    access: keyAccess(['subjects:write']),
    methods: {
      async DELETE({ running: { domain }, param }) {
        await removeForAdmin(domain, param('subject'), param('id'))
        return NOTHING
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject/devices/:id',
    access: keyAccess(['subjects:write']),
    methods: {
      async DELETE({ running: { domain }, param }) {
        await forgetForAdmin(domain, param('subject'), param('id'))
        return NOTHING
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject/recovery',
    access: keyAccess(['subjects:write']),
    methods: {
      async POST({ running: { domain }, param, json }) {
        const link = await recoverSubject(domain, param('subject'), await json())
        // one that was sent is on its way; one that is handed over is here
        return 'sentTo' in link ? { status: 202, body: link } : ok(link)
      },
    },
  })
}
