import type { ServiceOptions } from '@stile/server'
import type { Setup } from './child.ts'
import { API, ISSUER, ORIGIN, RP_ID, SESSION_AUDIENCE } from './people.ts'

type Common = Pick<ServiceOptions, 'publicUrl' | 'environment' | 'secret' | 'issuers' | 'clients' | 'audiences' | 'webauthn' | 'log'>

/** What every benchmarked service is configured with, beside its policy and store. */
export function commonOptions({ port, issuerJwk }: Pick<Setup, 'port' | 'issuerJwk'>): Common {
  return {
    publicUrl: `http://127.0.0.1:${port}`,
    environment: 'test',
    secret: new Uint8Array(32).fill(1),
    issuers: [
      { id: 'bench', issuer: ISSUER, jwks: { keys: [issuerJwk as never] }, audience: SESSION_AUDIENCE, claims: { account: 'account' } },
    ],
    clients: [{ id: 'web', origins: [ORIGIN] }],
    audiences: [{ id: API, issuers: ['bench'], clients: ['web'] }],
    webauthn: { rpId: RP_ID, rpName: 'Bench', origins: [ORIGIN] },
    // a log line per answer costs the same in all that is compared; none writes one
    log: 'silent',
  }
}
