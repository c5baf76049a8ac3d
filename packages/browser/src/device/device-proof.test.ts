import { expect, test } from 'vitest'
import { loadDeviceKey } from './device-key.ts'
import { createProver } from './device-proof.ts'

const bytes = (part = '') => Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
const text = (part?: string) => JSON.parse(new TextDecoder().decode(bytes(part)))
const TOKENS = new URL('https://id.example/stile/v1/tokens?a=1#b')

test('a proof is a dpop+jwt for this call: method, address without query, hash of the token, nonce', async () => {
  const key = await loadDeviceKey(10)
  const [prove, learn] = createProver(
    async () => key,
    () => 1_700_000_000.9,
  )
  learn('https://id.example', 'n1')
  const proof = await prove('POST', TOKENS, 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU')
  const [header, payload, signature] = proof.split('.')
  expect(text(header)).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: key[1] })
  expect(text(payload)).toEqual({
    htm: 'POST',
    htu: 'https://id.example/stile/v1/tokens',
    iat: 1_700_000_000,
    jti: expect.stringMatching(/^.{22,}$/),
    // the value of RFC 9449 §7.1 for its own token
    ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo',
    nonce: 'n1',
  })
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const verifier = await crypto.subtle.importKey('jwk', key[1], algorithm, false, ['verify'])
  const signed = new TextEncoder().encode(`${header}.${payload}`)
  expect(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, verifier, bytes(signature), signed)).toBe(true)
})

test('someone who copies a proof cannot make another of it: each has its own jti', async () => {
  const key = await loadDeviceKey(10)
  const [prove] = createProver(
    async () => key,
    () => 0,
  )
  expect(await prove('GET', TOKENS, 't')).not.toBe(await prove('GET', TOKENS, 't'))
})

test('a nonce of one origin is not told to another', async () => {
  const key = await loadDeviceKey(10)
  const [prove, learn] = createProver(
    async () => key,
    () => 0,
  )
  learn('https://api.example', 'n1')
  expect(text((await prove('GET', TOKENS, 't')).split('.')[1])).not.toHaveProperty('nonce')
})
