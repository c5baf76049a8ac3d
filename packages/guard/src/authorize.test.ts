import { beforeEach, expect, test } from 'vitest'
import { type Authorizer, createAuthorizer } from './authorize.ts'
import { createReplayMemory } from './device-proof/replay.ts'
import { createRequestProofVerifier, PROOF_WINDOW_SECONDS } from './device-proof/request-proof.ts'
import { createLicenses } from './licenses/licenses.ts'
import type { GuardRequest } from './requests/request.ts'
import { createContact } from './service/contact.ts'
import { createJwks } from './service/jwks.ts'
import { createServiceClient } from './service/service-client.ts'
import { createRevocations } from './token/revocations.ts'
import { createTokenVerifier } from './token/token.ts'
import {
  AUDIENCE,
  type Feature,
  get,
  type Keys,
  license,
  login,
  makeKeys,
  mfa,
  ORIGIN,
  openWire,
  policy,
  prove,
  type Wire,
} from './wire.test-support.ts'

let wire: Wire
let authorize: Authorizer

/** An authorizer of real parts, whose memory of used proofs is small enough to be filled. */
beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('pro', 1))
  wire.licenses.set('free', license('basic', 1))
  const now = (): number => wire.clock.now
  const log = (): void => undefined
  const client = createServiceClient({ url: wire.url, key: 'stile_g_test', fetch })
  const contact = createContact({ now })
  const keys = createJwks({ client, now, log, heard: contact.heard })
  const licenses = createLicenses({ client, contact, now, log, outageSeconds: 60, staleSeconds: 30 })
  authorize = createAuthorizer({
    policy,
    licenses,
    revocations: createRevocations({ now }),
    contact,
    verifyToken: createTokenVerifier({ issuer: wire.url, audience: AUDIENCE, keys, now }),
    verifyProof: createRequestProofVerifier({ origin: ORIGIN, now }),
    replay: createReplayMemory({ now, windowSeconds: PROOF_WINDOW_SECONDS, max: 4 }),
    starting: () => undefined,
    staleSeconds: 30,
    now,
  })
  await keys.load()
  for (const sub of ['ada', 'bob']) await licenses.fill('acme', `demo|${sub}`)
  await licenses.fill('free', 'demo|eve')
  contact.fed()
  return wire.close
})

type Caller = Readonly<{ sub: string; account: string; keys?: Keys; proof?: typeof mfa | typeof login }>

/** A request of somebody with a device of their own. */
const from = async ({ sub, account, keys, proof = mfa }: Caller): Promise<GuardRequest> => {
  const device = keys ?? (await makeKeys())
  const token = await wire.token([proof], { claims: { sub: `demo|${sub}`, account, cnf: { jkt: device.kid } } })
  return get('/export', { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, `${ORIGIN}/export`, { keys: device }) })
}
const say = (request: GuardRequest, { sub, account }: Caller, feature: Feature = 'reports.export'): string => {
  const identity = { issuer: 'demo', sub, account }
  const outcome = authorize({ request, feature, identity, subject: `demo|${sub}`, tried: new Set() })
  if (outcome.pending !== undefined) return `pending ${outcome.pending}`
  return outcome.ok ? `ok ${outcome.decision.outcome}` : `${outcome.status} ${outcome.problem.code}`
}
const ada: Caller = { sub: 'ada', account: 'acme' }
const bob: Caller = { sub: 'bob', account: 'acme' }

test('threat: requests that are refused anyway fill the memory of used proofs, so that nobody gets in', async () => {
  const eve: Caller = { sub: 'eve', account: 'free' }
  const weak: Caller = { ...ada, proof: login }
  for (let round = 0; round < 8; round++) {
    expect(say(await from(eve), eve)).toBe('403 license_required')
    expect(say(await from(weak), weak)).toBe('401 insufficient_user_authentication')
  }
  expect(say(await from(bob), bob)).toBe('ok permit')
})

test('threat: one subject with many device keys fills the memory of used proofs for everybody', async () => {
  const verdicts: string[] = []
  for (let round = 0; round < 8; round++) verdicts.push(say(await from(ada), ada))
  expect(verdicts).toEqual(['ok permit', 'ok permit', ...Array.from({ length: 6 }, () => '503 service_unavailable')])
  expect(say(await from(bob), bob)).toBe('ok permit')
})

test('a proof that came with a refused request is still good, once', async () => {
  const keys = await makeKeys()
  const request = await from({ ...ada, keys })
  // the same headers as another request
  const again = (): GuardRequest => ({ ...request })
  expect(say(again(), ada, 'payouts.approve')).toBe('403 license_required')
  expect(say(again(), ada)).toBe('ok permit')
  expect(say(again(), ada)).toBe('401 invalid_dpop_proof')
})
