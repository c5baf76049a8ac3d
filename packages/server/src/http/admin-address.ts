import type { Router } from 'express'
import { setAddress } from '../addresses/set-address.ts'
import { ok } from './answer.ts'
import type { HttpContext } from './context.ts'
import { addEndpoint } from './endpoint.ts'
import { keyAccess } from './key-access.ts'

/** What the back office does where it knows the address of somebody better than their login does. */
export function addAdminAddressRoute(router: Router, context: HttpContext): void {
  addEndpoint(router, context, {
    path: '/v1/admin/subjects/:subject/email',
    access: keyAccess(['subjects:write']),
    methods: {
      PUT: async ({ running: { domain }, param, json }) => ok(await setAddress(domain, param('subject'), await json())),
    },
  })
}
