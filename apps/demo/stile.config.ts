import { join } from 'node:path'
import { env } from './src/shared/env.ts'
import { policy } from './src/shared/policy.ts'
import { MFA_ACR } from './src/shared/sign-in-levels.ts'

const claims = { account: 'account', name: 'name', email: 'email' }
/** Both ways to sign in lead to the same customers. */
const accounts = 'shared'

/** The verification service as the demo runs it: `node --conditions=@stile/source apps/service/src/main.ts --config apps/demo/stile.config.ts`. */
export default {
  publicUrl: env.service,
  environment: 'test',
  policy,
  admin: { port: Number(new URL(env.admin).port) },
  database: join(env.dataDir, 'stile.db'),
  issuers: [
    // the product asks for the password itself, and does so again if a fresh sign-in is wanted
    { id: 'demo', issuer: env.api, jwks: `${env.api}/.well-known/jwks.json`, audience: env.service, claims, accounts, requireCnf: true },
    // an identity provider does: there the service asks for a fresh sign-in, and for the phone if `mfa` is wanted
    {
      id: 'sso',
      issuer: `${env.api}/sso`,
      jwks: `${env.api}/sso/jwks.json`,
      audience: env.service,
      claims,
      accounts,
      requireCnf: true,
      acrMap: { [MFA_ACR]: 'mfa' },
      relogin: {
        name: 'Quarterly ID',
        issuer: env.idp,
        clientId: 'stile',
        clientSecret: env.idpServiceSecret,
        redirectUris: [`${env.web}/signed-in-again.html`],
      },
      stepUp: { mfa: { acr_values: MFA_ACR } },
    },
  ],
  clients: [{ id: 'demo-web', origins: [env.web, ...env.moreWebs] }],
  audiences: [{ id: env.api, issuers: ['demo', 'sso'], clients: ['demo-web'] }],
  webauthn: { rpId: 'localhost', rpName: 'Quarterly', origins: [env.web, ...env.moreWebs] },
  mail: { from: 'Quarterly <security@quarterly.example>', url: env.smtp },
  recovery: { url: `${env.web}/recover` },
  help: 'help@quarterly.example',
}
