import { createHash } from 'node:crypto'
import { ACR, LEVELS } from '@stile/protocol'
import type { Router } from 'express'
import { StileError } from '../../error.ts'
import { servedMethods } from '../../methods/methods.ts'
import type { FactsDomain } from '../../options/domain.ts'
import { openAccess } from '../access/key-access.ts'
import { pageAccess } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import { NOTHING, ok } from '../endpoint/answer.ts'
import { answer } from '../endpoint/answer-request.ts'
import { addEndpoint } from '../endpoint/endpoint.ts'
import { matchesEtag, strongEtag } from '../endpoint/etag.ts'

/** How long keys and metadata may be kept, in seconds: the next key is published long before it signs. */
const MAX_AGE_SECONDS = 300

/** Metadata, keys, health and nonces: what anybody may read. */
export function addPublicRoutes(router: Router, context: HttpContext): void {
  const { options } = context
  const cached = (body: unknown, header: string | undefined) => {
    const digest = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)
    const headers = { ETag: strongEtag(digest), 'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}` }
    return matchesEtag(header, headers.ETag) ? { status: 304, headers } : ok(body, headers)
  }
  addEndpoint(router, context, {
    path: '/.well-known/stile',
    access: openAccess,
    methods: {
      GET: async (call) =>
        cached(
          {
            issuer: options.publicUrl,
            environment: options.environment,
            jwks_uri: `${options.publicUrl}/.well-known/jwks.json`,
            audiences: options.audiences.map(({ id, binding }) => ({ id, binding })),
            acr_values_supported: LEVELS.map((level) => ACR[level]),
            methods: servedMethods(options).map(({ name }) => name),
          },
          call.header('if-none-match'),
        ),
    },
  })
  addEndpoint(router, context, {
    path: '/.well-known/jwks.json',
    access: openAccess,
    methods: { GET: async (call) => cached(call.running.domain.keyring.jwks(), call.header('if-none-match')) },
  })
  addEndpoint(router, context, {
    // WebAuthn L3 §5.11: to be served under https://<rpId> too, where browsers look for it
    path: '/.well-known/webauthn',
    access: openAccess,
    methods: { GET: async (call) => cached({ origins: options.webauthn.relatedOrigins ?? [] }, call.header('if-none-match')) },
  })
  addEndpoint(router, context, {
    // RFC 9449 §8 lets a client learn it from a refusal only, which browsers show as an error
    path: '/v1/nonce',
    access: pageAccess(context),
    methods: { GET: async () => NOTHING },
  })
  // the process answers, whatever else is wrong
  router.get('/healthz', (request, response) => answer(context, { request, response }, async () => ok({ status: 'ok' })))
  const check = createCheck()
  addEndpoint(router, context, {
    path: '/readyz',
    access: openAccess,
    methods: {
      async GET(call) {
        if (context.closing()) throw new StileError('service_unavailable', 'The service is shutting down. Ask another instance.')
        const { domain } = call.running
        await check(domain)
        domain.policy()
        domain.keyring.signingKey()
        if (!domain.sealer.canSeal())
          throw new StileError(
            'service_unavailable',
            'This instance was not given the secret that the store is sealed with. Ask another one.',
          )
        return ok({ status: 'ready' })
      },
    },
  })
}

/** Checks the store at most once a second, whatever comes of it: the check writes, and anybody may ask. */
function createCheck(): (domain: Pick<FactsDomain, 'store' | 'now'>) => Promise<void> {
  let last: Readonly<{ at: number; result: Promise<void> }> | undefined
  return ({ store, now }) => {
    const at = now()
    if (last?.at !== at) last = { at, result: store.check() }
    return last.result
  }
}
