import { describe, expect, test } from 'vitest'
import { testRoot } from '../certificates/certificates.test-support.ts'
import { crossChecks } from './checks/checks.ts'
import { OptionsError } from './error.ts'
import { webauthnSection } from './webauthn.ts'

const RP = { rpId: 'example.com', rpName: 'Example', origins: ['https://app.example.com'] }
const AAGUID = '2fc0579f-8113-47ea-b116-bb5a8db9202a'
const { pem } = testRoot('Root')

function faults(changes: object, environment: 'live' | 'test' = 'live'): string[] {
  const parsed = webauthnSection.safeParse({ ...RP, ...changes })
  if (!parsed.success) return parsed.error.issues.map(({ path }) => path.join('.'))
  return crossChecks({ environment, webauthn: parsed.data }).map(({ path }) => path)
}

describe('options of webauthn', () => {
  test.each<[string, object]>([
    ['nothing more', {}],
    ['related origins', { relatedOrigins: ['https://app.example.org', 'https://example.net:8443'] }],
    ['roots and models', { attestation: { roots: [pem], aaguids: [AAGUID] } }],
    ['metadata from an address', { attestation: { metadata: { url: 'https://mds3.fidoalliance.org/' } } }],
    [
      'metadata from a file with a root, narrowed to models',
      { attestation: { aaguids: [AAGUID], metadata: { path: './blob.jwt', root: pem } } },
    ],
  ])('with %s are usable', (_, changes) => {
    expect(faults(changes)).toEqual([])
  })

  test.each<[string, object, string]>([
    ['a related origin of the own domain', { relatedOrigins: ['https://www.example.com'] }, 'webauthn.relatedOrigins[0]'],
    ['a related origin with a path', { relatedOrigins: ['https://example.org/app'] }, 'webauthn.relatedOrigins[0]'],
    ['a related origin without https', { relatedOrigins: ['http://example.org'] }, 'webauthn.relatedOrigins[0]'],
    ['a related wildcard', { relatedOrigins: ['https://*.example.org'] }, 'webauthn.relatedOrigins[0]'],
    ['an empty list of related origins', { relatedOrigins: [] }, 'relatedOrigins'],
    ['trust in nobody', { attestation: {} }, 'webauthn.attestation'],
    ['models alone', { attestation: { aaguids: [AAGUID] } }, 'webauthn.attestation'],
    ['roots alone', { attestation: { roots: [pem] } }, 'webauthn.attestation.aaguids'],
    ['a root that is none', { attestation: { roots: ['-----BEGIN CERTIFICATE-----'], aaguids: [AAGUID] } }, 'attestation.roots.0'],
    ['a model in capitals', { attestation: { roots: [pem], aaguids: [AAGUID.toUpperCase()] } }, 'attestation.aaguids.0'],
    [
      'the model of keys that name none',
      { attestation: { roots: [pem], aaguids: ['00000000-0000-0000-0000-000000000000'] } },
      'webauthn.attestation.aaguids[0]',
    ],
    ['metadata from nowhere', { attestation: { metadata: {} } }, 'webauthn.attestation.metadata'],
    ['metadata from two places', { attestation: { metadata: { url: 'https://a.example', path: 'b' } } }, 'webauthn.attestation.metadata'],
    ['metadata without https', { attestation: { metadata: { url: 'http://a.example' } } }, 'webauthn.attestation.metadata.url'],
    ['a misspelt member', { attestation: { root: pem } }, 'attestation'],
  ])('with %s are refused', (_, changes, path) => {
    expect(faults(changes)).toContain(path)
  })

  test('are explained: why it matters and how to fix it', () => {
    const parsed = webauthnSection.parse({ ...RP, attestation: { roots: [pem] } })
    const { message } = new OptionsError(crossChecks({ webauthn: parsed }))
    expect(message).toMatch(/attestation\.aaguids: are missing.*\n\s+why: One root of a maker vouches for many models/)
  })
})
