import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { metadataSigner } from '../attestation/metadata.test-support.ts'
import { stateOf } from '../decisions/state.ts'
import { TEST_AUDIENCE } from '../domain.test-support.ts'
import type { SoftAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { loadStanding } from '../standing/standing.ts'
import { attempt } from '../step-ups/index.ts'
import { claimsOf, problemOf } from '../step-ups/world.test-support.ts'
import type { AuthenticatorRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import { byRoot, example, promptOf, start } from './security-key.test-support.ts'

describe('a model that is revoked later', () => {
  async function withMetadata() {
    const directory = mkdtempSync(join(tmpdir(), 'stile-key-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const signer = metadataSigner()
    const path = join(directory, 'blob.jwt')
    const publish = (no: number, ...statuses: string[]) =>
      writeFileSync(path, signer.sign({ no, entries: [{ aaguid: example.model, roots: [example.root], statuses }] }))
    publish(1, 'FIDO_CERTIFIED_L1')
    const world = await start({ metadata: { path, root: signer.root.pem, refreshSeconds: 60 } })
    return {
      ...world,
      async revoke() {
        publish(2, 'FIDO_CERTIFIED_L1', 'REVOKED')
        world.clock.advance(60)
        await world.domain.attestation.refresh()
      },
    }
  }

  test('falls to phr at once, its proofs and tokens too', async () => {
    const world = await withMetadata()
    const { authenticator } = await world.enrol()
    expect(authenticator).toMatchObject({ level: 'phrh', attestation: 'trusted' })
    expect(await world.open('seal')).toMatchObject({ status: 'done' })
    await world.revoke()
    expect((await problemOf(world.open('seal'))).code).toBe('enrollment_required')
    const standing = await loadStanding(world.domain, world.alice)
    expect(standing.authenticators).toMatchObject([{ level: 'phr', attestation: 'revoked' }])
    expect(standing.proofs.map(({ method, level, amr }) => ({ method, level, amr }))).toEqual([
      { method: 'login', level: 'session', amr: ['pwd'] },
      { method: 'security-key', level: 'phr', amr: ['pop', 'user', 'mfa'] },
    ])
    const { token } = await stateOf(world.domain, standing, TEST_AUDIENCE)
    expect(claimsOf(token)).toMatchObject({ acr: 'phr', amr: ['pop', 'user', 'mfa'] })
    expect(JSON.stringify(claimsOf(token).proofs)).not.toContain('phrh')
  })

  test('while its step-up is open does not finish it', async () => {
    const world = await withMetadata()
    const { device } = await world.enrol()
    world.wait()
    const stepUp = await world.open('seal')
    await world.revoke()
    const problem = await problemOf(world.prove(stepUp, device.assert(promptOf(stepUp).challenge)))
    expect(problem.code).toBe('enrollment_required')
  })
})

test.each(['seal', 'wire'])('a model that is revoked while the answer for %s is judged is not let through', async (feature) => {
  const world = await start(byRoot())
  const { device } = await world.enrol()
  // so that there still is something that would do
  await world.enrol()
  world.wait()
  const stepUp = await world.open(feature, { operation: { amount: '10.00' } })
  let revoked = false
  const { store, attestation } = world.domain
  // the challenge is taken before the answer is looked at, and after it was read what the key counts for
  const takeChallenge: typeof store.stepUps.takeChallenge = async (input) => {
    revoked = true
    return store.stepUps.takeChallenge(input)
  }
  const domain: Domain = {
    ...world.domain,
    store: { ...store, stepUps: { ...store.stepUps, takeChallenge } },
    attestation: {
      ...attestation,
      judge: (record) => (revoked && isOf(record.data, device) ? 'revoked' : attestation.judge(record)),
    },
  }
  const body = { method: 'security-key', response: device.assert(promptOf(stepUp).challenge) }
  expect(await problemOf(attempt(domain, world.alice, stepUp.id, body))).toMatchObject({ code: 'attempt_failed', failure: 'level_too_low' })
})

function isOf(data: AuthenticatorRecord['data'], { credentialId }: SoftAuthenticator): boolean {
  return data.method !== 'totp' && data.credentialId === credentialId
}
