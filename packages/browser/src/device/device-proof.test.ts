import { expect, test } from 'vitest'
import { loadDeviceKey } from './device-key.ts'
import { createDeviceProver } from './device-proof.ts'

const bytes = (part = '') => Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
const text = (part?: string) => JSON.parse(new TextDecoder().decode(bytes(part)))
const TOKENS = new URL('https://id.example/stile/v1/tokens?a=1#b')
const CALL = { method: 'GET', url: TOKENS, token: 't' }

test('a proof is a dpop+jwt for this call: method, address without query, hash of the token, nonce', async () => {
  const key = await loadDeviceKey(10)
  const { prove, learnNonce } = createDeviceProver({ key: async () => key, now: () => 1_700_000_000.9 })
  learnNonce(new URL('https://id.example'), new Response(null, { headers: { 'dpop-nonce': 'n1' } }))
  const proof = await prove({ method: 'POST', url: TOKENS, token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU' })
  const [header, payload, signature] = proof.split('.')
  expect(text(header)).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })
  expect(text(payload)).toEqual({
    htm: 'POST',
    htu: 'https://id.example/stile/v1/tokens',
    iat: 1_700_000_000,
    jti: expect.stringMatching(/^.{22,}$/),
    // the value of RFC 9449 §7.1 for its own token
    ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo',
    nonce: 'n1',
    // this test has no IndexedDB: the service lets such a key own no login
    stored: false,
  })
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const verifier = await crypto.subtle.importKey('jwk', key.publicJwk, algorithm, false, ['verify'])
  const signed = new TextEncoder().encode(`${header}.${payload}`)
  expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, verifier, bytes(signature), signed)).toBe(true)
})

test('threat: someone copies a proof to make another of it; each has its own jti', async () => {
  const key = await loadDeviceKey(10)
  const { prove } = createDeviceProver({ key: async () => key, now: () => 0 })
  expect(await prove(CALL)).not.toBe(await prove(CALL))
})

test('a nonce of one origin is not told to another', async () => {
  const key = await loadDeviceKey(10)
  const { prove, learnNonce } = createDeviceProver({ key: async () => key, now: () => 0 })
  learnNonce(new URL('https://api.example'), new Response(null, { headers: { 'dpop-nonce': 'n1' } }))
  expect(text((await prove(CALL)).split('.')[1])).not.toHaveProperty('nonce')
})
