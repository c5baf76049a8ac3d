import { join } from 'node:path'
import { env } from './src/shared/env.ts'
import { policy } from './src/shared/policy.ts'

/** The verification service as the demo runs it: `node --conditions=@stile/source apps/service/src/main.ts --config apps/demo/stile.config.ts`. */
export default {
  publicUrl: env.service,
  environment: 'test',
  policy,
  admin: { port: Number(new URL(env.admin).port) },
  database: join(env.dataDir, 'stile.db'),
  issuers: [
    {
      id: 'demo',
      issuer: env.api,
      jwks: `${env.api}/.well-known/jwks.json`,
      audience: env.service,
      claims: { account: 'account', name: 'name' },
    },
  ],
  clients: [{ id: 'demo-web', origins: [env.web] }],
  audiences: [{ id: env.api, issuers: ['demo'], clients: ['demo-web'] }],
  webauthn: { rpId: 'localhost', rpName: 'Quarterly', origins: [env.web] },
}
