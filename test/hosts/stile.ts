import { createStile, type Stile } from '@stile/browser'
import { definePolicy } from '@stile/policy'
import { problem } from '@stile/protocol'
import { authenticatorOf, createTestService, licenseOf } from '@stile/testing'

export const API = 'https://api.test'

const policy = definePolicy({
  format: 1,
  features: { 'reports.export': { label: 'Export reports', requires: { level: 'mfa', maxAge: '15m' } } },
  tiers: { pro: { features: ['reports.export'] } },
})

/** A client over a service in the page, of somebody who has an authenticator app, and an API that is closed until a code was given. */
export function connect(): Stile {
  const service = createTestService({ policy, given: { license: licenseOf('pro'), authenticators: [authenticatorOf('totp')] } })
  const api = () => {
    if (service.world().proofs.length > 0) return new Response('exported')
    const requirement = { level: 'mfa', maxAgeSeconds: 900 } as const
    const body = problem('insufficient_user_authentication', 'A code is needed.', { feature: 'reports.export', requirement })
    return new Response(JSON.stringify(body), {
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'www-authenticate': 'DPoP error="insufficient_user_authentication", acr_values="urn:stile:acr:mfa", max_age="900"',
      },
    })
  }
  return createStile({
    service: service.url,
    session: service.session,
    audiences: { api: [API] },
    relogin: async () => true,
    fetch: async (input, init) =>
      new URL(input instanceof Request ? input.url : input).origin === API ? api() : service.fetch(input, init),
  })
}
