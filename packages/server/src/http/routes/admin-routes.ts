import type { Router } from 'express'
import { listLicenses, readLicense, writeLicense } from '../../licenses/licenses.ts'
import { keyAccess } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import { type Answer, ok } from '../endpoint/answer.ts'
import { addEndpoint } from '../endpoint/endpoint.ts'
import { expectedEpoch, strongEtag } from '../endpoint/etag.ts'
import { addAdminSubjectRoutes } from './admin-subjects.ts'

/** What the product's back office and billing do: read and write licenses, and what is under `subjects`. */
export function addAdminRoutes(router: Router, context: HttpContext): void {
  const reading = keyAccess(['licenses:read', 'licenses:write'])
  const writing = keyAccess(['licenses:write'])
  addAdminSubjectRoutes(router, context)

  addEndpoint(router, context, {
    path: '/v1/admin/licenses',
    access: reading,
    methods: {
      async GET({ running: { domain }, query }) {
        const after = query('after')
        return ok(await listLicenses(domain, after === undefined ? {} : { after }))
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/admin/licenses/:account',
    // a key that may only read must not get as far as the body of a write
    access: { ...reading, admit: (call) => (call.request.method === 'PUT' ? writing : reading).admit(call) },
    methods: {
      async GET(call) {
        const record = await readLicense(call.running.domain, call.param('account'))
        return ok(record, { ETag: strongEtag(String(record.epoch)) })
      },
      async PUT(call): Promise<Answer> {
        const epoch = expectedEpoch(call.header('if-match'))
        const { record, created } = await writeLicense(call.running.domain, call.param('account'), await call.json(), epoch)
        return { status: created ? 201 : 200, body: record, headers: { ETag: strongEtag(String(record.epoch)) } }
      },
    },
  })
}
