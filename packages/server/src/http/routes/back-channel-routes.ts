import type { Router } from 'express'
import { backChannelLogout } from '../../sessions/back-channel-logout.ts'
import { openAccess } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import { addEndpoint } from '../endpoint/endpoint.ts'
import { readFormMember } from '../endpoint/form.ts'

/** The largest form, in bytes: a logout token is far smaller. */
const FORM_LIMIT = 10_240

/** What login providers call. There is no CORS: no page has anything to say here. */
export function addBackChannelRoutes(router: Router, context: HttpContext): void {
  addEndpoint(router, context, {
    path: '/v1/backchannel-logout/:issuer',
    access: openAccess,
    methods: {
      async POST({ running: { domain }, request, param }) {
        await backChannelLogout(domain, param('issuer'), await readFormMember(request, 'logout_token', FORM_LIMIT))
        return { status: 200 }
      },
    },
  })
}
