import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CertificateInit, type TestCertificate, testCertificate, testRoot } from '../certificates/certificates.test-support.ts'
import { createTestDomain, TEST_START } from '../domain.test-support.ts'
import type { AuthenticatorRecord, WebAuthnData } from '../stores/store.ts'
import { formatAaguid } from './aaguid.ts'
import { type Entry, metadataSigner } from './metadata.test-support.ts'

const root = testRoot('Example Root')
const aaguid = createHash('sha256').update('model').digest().subarray(0, 16)
const model = formatAaguid(aaguid)
const NONE = '00000000-0000-0000-0000-000000000000'
const other = '11111111-2222-3333-4444-555555555555'

const chain = (init: CertificateInit = {}) => [testCertificate({ issuer: root, aaguid, ...init })]

function key(
  certificates: readonly TestCertificate[],
  changes: Partial<WebAuthnData> = {},
): Pick<AuthenticatorRecord, 'createdAt' | 'data'> {
  const attestation = { format: 'packed', certificates: certificates.map(({ der }) => Buffer.from(der).toString('base64url')) }
  const data = { credentialId: 'c1', publicKey: 'k', counter: 0, transports: [], backupEligible: false, backupState: false }
  return { createdAt: TEST_START, data: { ...data, method: 'security-key', aaguid: model, attestation, ...changes } }
}

type Attestation = { roots?: string[]; aaguids?: string[]; entries?: readonly Entry[] }

async function trusting({ entries, ...rest }: Attestation) {
  const directory = mkdtempSync(join(tmpdir(), 'stile-attestation-'))
  const signer = metadataSigner()
  const path = join(directory, 'blob.jwt')
  const publish = (no: number, now: readonly Entry[]) => writeFileSync(path, signer.sign({ no, entries: now }))
  if (entries) publish(1, entries)
  const attestation = { ...rest, ...(entries && { metadata: { path, root: signer.root.pem, refreshSeconds: 60 } }) }
  const webauthn = { rpId: 'example', rpName: 'Example', origins: ['https://app.example'] }
  const world = await createTestDomain({
    options: { webauthn: Object.keys(attestation).length > 0 ? { ...webauthn, attestation } : webauthn },
  })
  onTestFinished(async () => {
    await world.close()
    rmSync(directory, { recursive: true })
  })
  return { ...world, trust: world.domain.attestation, publish }
}

const byRoot: Attestation = { roots: [root.pem], aaguids: [model] }
const entry = (changes: Partial<Entry> = {}): Entry => ({ aaguid: model, roots: [root], ...changes })

describe('the word of a maker', () => {
  test('is trusted by a root and a list of models, or by the metadata of the model', async () => {
    expect((await trusting(byRoot)).trust.judge(key(chain()))).toBe('trusted')
    expect((await trusting({ entries: [entry()] })).trust.judge(key(chain()))).toBe('trusted')
    expect((await trusting({ entries: [entry({ statuses: ['FIDO_CERTIFIED_L1', 'UPDATE_AVAILABLE'] })] })).trust.judge(key(chain()))).toBe(
      'trusted',
    )
  })

  test('is trusted without the extension only if the root is of that one model', async () => {
    const bare = key([testCertificate({ issuer: root })])
    expect((await trusting({ entries: [entry()] })).trust.judge(bare)).toBe('trusted')
    expect((await trusting({ entries: [entry(), entry({ aaguid: other })] })).trust.judge(bare)).toBe('untrusted')
    expect((await trusting(byRoot)).trust.judge(bare)).toBe('untrusted')
  })

  test('stays trusted when its certificate expires: it was valid when it was used', async () => {
    const { trust } = await trusting(byRoot)
    const certificates = chain({ to: TEST_START + 10 })
    expect(trust.judge(key(certificates))).toBe('trusted')
    expect(trust.judge({ ...key(certificates), createdAt: TEST_START + 11 })).toBe('untrusted')
  })

  test('is nothing to ask of a passkey', async () => {
    expect((await trusting(byRoot)).trust.judge(key(chain(), { method: 'passkey' }))).toBeUndefined()
  })
})

describe('a security key is not trusted', () => {
  const self = key([])
  const { attestation: _, ...bare } = key([]).data as WebAuthnData
  test.each<[string, Attestation, Pick<AuthenticatorRecord, 'createdAt' | 'data'>, string]>([
    ['if nothing is configured', {}, key(chain()), 'untrusted'],
    ['without attestation', byRoot, { createdAt: TEST_START, data: bare }, 'none'],
    ['by its own word', byRoot, self, 'none'],
    ['if it can be copied to other devices', byRoot, key(chain(), { backupEligible: true }), 'synced'],
    ['from another root', byRoot, key([testCertificate({ issuer: testRoot('Example Root'), aaguid })]), 'untrusted'],
    ['if its certificate is an authority', byRoot, key(chain({ ca: true })), 'untrusted'],
    ['if its certificate had expired', byRoot, key(chain({ to: TEST_START - 1 })), 'untrusted'],
    ['if its certificate is of another model', byRoot, key(chain({ aaguid: Buffer.alloc(16, 1) })), 'untrusted'],
    ['if its evidence was spoilt', byRoot, key(chain(), { attestation: { format: 'packed', certificates: ['AAAA'] } }), 'untrusted'],
    ['if its model is not on the list', { ...byRoot, aaguids: [other] }, key(chain()), 'not_allowed'],
    ['if its model is not in the metadata', { entries: [entry({ aaguid: other })] }, key(chain()), 'not_allowed'],
    ['if its model keeps keys in software', { entries: [entry({ protection: ['software'] })] }, key(chain()), 'not_allowed'],
    [
      'if its model also keeps keys in software',
      { entries: [entry({ protection: ['hardware', 'software'] })] },
      key(chain()),
      'not_allowed',
    ],
    ['if the metadata do not say where its model keeps keys', { entries: [entry({ protection: [] })] }, key(chain()), 'not_allowed'],
    [
      'if it names no model',
      { entries: [entry({ aaguid: NONE })] },
      key([testCertificate({ issuer: root })], { aaguid: NONE }),
      'not_allowed',
    ],
    ['if the list narrows the metadata', { aaguids: [other], entries: [entry()] }, key(chain()), 'not_allowed'],
    [
      'by the root of another model in the metadata',
      { entries: [entry({ roots: [testRoot('Its Own')] }), entry({ aaguid: other })] },
      key(chain()),
      'untrusted',
    ],
    ...[
      'REVOKED',
      'ATTESTATION_KEY_COMPROMISE',
      'USER_KEY_REMOTE_COMPROMISE',
      'USER_KEY_PHYSICAL_COMPROMISE',
      'USER_VERIFICATION_BYPASS',
    ].map((status): [string, Attestation, Pick<AuthenticatorRecord, 'createdAt' | 'data'>, string] => [
      `with a status of ${status}, also by a root of the operator`,
      { ...byRoot, entries: [entry({ statuses: ['FIDO_CERTIFIED', status, 'FIDO_CERTIFIED_L2'] })] },
      key(chain()),
      'revoked',
    ]),
    ['with a report that cannot be read', { entries: [entry({ statuses: [7 as never] })] }, key(chain()), 'revoked'],
  ])('%s', async (_, options, record, status) => {
    expect((await trusting(options)).trust.judge(record)).toBe(status)
  })
})

describe('a judgement that is remembered', () => {
  test('falls at once if the model is revoked later', async () => {
    const { trust, publish, clock } = await trusting({ entries: [entry()] })
    expect(trust.judge(key(chain()))).toBe('trusted')
    publish(2, [entry({ statuses: ['REVOKED'] })])
    clock.advance(60)
    await trust.refresh()
    expect(trust.judge(key(chain()))).toBe('revoked')
  })

  test('is of that evidence and no other of the same credential id', async () => {
    const { trust } = await trusting(byRoot)
    expect(trust.judge(key(chain()))).toBe('trusted')
    expect(trust.judge(key(chain({ aaguid: Buffer.alloc(16, 1) })))).toBe('untrusted')
    expect(trust.judge(key(chain(), { aaguid: other }))).toBe('not_allowed')
    expect(trust.judge(key(chain(), { backupEligible: true }))).toBe('synced')
    expect(trust.judge(key([]))).toBe('none')
  })
})
