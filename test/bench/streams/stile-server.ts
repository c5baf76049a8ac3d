import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { definePolicy } from '@stile/policy'
import { createApiKey, createService } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import express from 'express'
import { API, FEATURE, ISSUER, ORIGIN, RP_ID, SESSION_AUDIENCE } from '../step-up/people.ts'
import { serveStreams } from './child.ts'

const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'lines.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    [FEATURE]: { requires: { level: 'phr', maxAge: '2m' } },
  },
  tiers: { basic: { features: ['reports.view'] }, pro: { extends: 'basic', features: ['lines.view', 'reports.export', FEATURE] } },
})

serveStreams(async ({ directory, port, issuerJwk, heartbeatSeconds }) => {
  const store = createSqliteStore({ path: join(directory, 'stile.db') })
  const now = () => Math.floor(Date.now() / 1000)
  const { key } = await createApiKey(
    { store, now, random: (size) => randomBytes(size) },
    { name: 'bench', scope: 'licenses:write', ttlSeconds: 86_400 },
  )
  const service = createService({
    publicUrl: `http://127.0.0.1:${port}`,
    environment: 'test',
    secret: new Uint8Array(32).fill(1),
    policy,
    store,
    issuers: [
      { id: 'bench', issuer: ISSUER, jwks: { keys: [issuerJwk as never] }, audience: SESSION_AUDIENCE, claims: { account: 'account' } },
    ],
    clients: [{ id: 'web', origins: [ORIGIN] }],
    audiences: [{ id: API, issuers: ['bench'], clients: ['web'] }],
    webauthn: { rpId: RP_ID, rpName: 'Bench', origins: [ORIGIN] },
    heartbeatSeconds,
    log: 'silent',
  })
  await service.ready
  const app = express()
  app.use(service.router)
  app.use('/admin', service.adminRouter)
  return { listener: app, told: { key } }
})
