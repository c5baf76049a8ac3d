import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { definePolicy } from '@stile/policy'
import { createApiKey, createService } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import express from 'express'
import { FEATURE } from '../step-up/people.ts'
import { commonOptions } from '../step-up/service-options.ts'
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
    ...commonOptions({ port, issuerJwk }),
    policy,
    store,
    heartbeatSeconds,
  })
  await service.ready
  const app = express()
  app.use(service.router)
  app.use('/admin', service.adminRouter)
  return { listener: app, told: { key } }
})
