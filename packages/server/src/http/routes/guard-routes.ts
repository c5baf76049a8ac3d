import { NAME_RULE } from '@stile/protocol'
import type { Router } from 'express'
import { StileError } from '../../error.ts'
import { effectiveLicenseOf, isAccount } from '../../licenses/licenses.ts'
import { keyAccess } from '../access/key-access.ts'
import type { HttpContext } from '../context.ts'
import { ok } from '../endpoint/answer.ts'
import { addEndpoint, type Call } from '../endpoint/endpoint.ts'
import { matchesEtag, strongEtag } from '../endpoint/etag.ts'
import { feed } from './feed.ts'

/** What guards ask: policy, effective licenses, and the feed that keeps both current. */
export function addGuardRoutes(router: Router, context: HttpContext): void {
  const access = keyAccess(['guard'])
  addEndpoint(router, context, {
    path: '/v1/policy',
    access,
    methods: {
      async GET(call) {
        const { policy, revision, digest } = call.running.domain.policy()
        const headers = { ETag: strongEtag(digest), 'Cache-Control': 'no-cache' }
        if (matchesEtag(call.header('if-none-match'), headers.ETag)) return { status: 304, headers }
        return ok({ revision, digest, document: policy.document }, headers)
      },
    },
  })
  addEndpoint(router, context, {
    path: '/v1/licenses/:account',
    access,
    methods: {
      async GET(call) {
        const { domain, stream } = call.running
        const account = accountOf(call)
        // the cursor is read first: a change in between is told again by the feed, and never missed
        const cursor = await stream.sync()
        return ok({ account, cursor, license: await effectiveLicenseOf(domain, account) })
      },
    },
  })
  addEndpoint(router, context, { path: '/v1/feed', access, methods: { GET: feed(context) }, streams: true })
}

function accountOf(call: Call): string {
  const account = call.param('account')
  if (!isAccount(account)) throw new StileError('invalid_request', `The account in the path is not a name. Use a text ${NAME_RULE}.`)
  return account
}
