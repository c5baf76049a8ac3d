import { definePolicy } from '@stile/policy'
import { createService } from '@stile/server'
import { createSqliteStore } from '@stile/server/sqlite'
import express, { type Express } from 'express'
import type { Setup } from './child.ts'
import { type Enrolled, FEATURE } from './people.ts'
import { commonOptions } from './service-options.ts'

const policy = definePolicy({
  format: 1,
  features: { 'reports.view': {}, [FEATURE]: { requires: { level: 'phr', maxAge: '1s' } } },
  tiers: { basic: { features: ['reports.view'] }, pro: { extends: 'basic', features: [FEATURE] } },
  license: { none: { tier: 'pro' } },
})

type Store = ReturnType<typeof createSqliteStore>

/** The service with people who have a passkey and a known browser, on a database. */
export async function createStile({
  path,
  port,
  issuerJwk,
  people,
}: Omit<Setup, 'directory'> & Readonly<{ path: string }>): Promise<Readonly<{ app: Express; store: Store }>> {
  const store = createSqliteStore({ path })
  for (const person of people) await enrol(store, person)
  const service = createService({
    ...commonOptions({ port, issuerJwk }),
    policy,
    store,
  })
  await service.ready
  const app = express()
  app.use(service.router)
  return { app, store }
}

async function enrol(store: Store, { sub, sid, jkt, credentialId, publicKey, userHandle }: Enrolled): Promise<void> {
  const at = Math.floor(Date.now() / 1000)
  const subject = `bench|${sub}`
  await store.authenticators.create({
    record: {
      id: `auth_${sub}`,
      subject,
      level: 'phr',
      name: 'Passkey',
      createdAt: at,
      boundBy: { method: 'login', level: 'session' },
      data: {
        method: 'passkey',
        credentialId,
        publicKey,
        counter: 0,
        transports: ['internal'],
        aaguid: '00000000-0000-0000-0000-000000000000',
        backupEligible: true,
        backupState: true,
      },
    },
    limit: 10,
    change: { at, type: 'authenticators', subject },
  })
  // enrolling has given the subject a handle and made the browser a known one
  await store.subjects.userHandle(subject, userHandle)
  await store.devices.bind({ key: { subject, sid, jkt }, authenticatorId: `auth_${sub}`, provenAt: at, now: at })
}
