import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createDpopNonces, NONCE_LIFETIME_SECONDS, NONCE_STEP_SECONDS } from '@stile/protocol/node'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTestDomain, signJwt, type TestDomain } from '../domain.test-support.ts'
import { StileError } from '../error.ts'
import type { ReplayStore } from '../stores/store.ts'
import { createDpopChecks, type DpopCheck, PROOF_WINDOW_SECONDS, useOfDpop } from './dpop.ts'
import { createPendingProof } from './pending-proof.ts'

const NOW = 1_800_000_000
const URL = 'https://stile.example/v1/state'
const TOKEN = 'a.session.token'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = keys.publicKey.export({ format: 'jwk' })

const checkDpop = createDpopChecks()

type Change = { header?: object; claims?: object; key?: KeyObject; check?: Partial<DpopCheck> }

/** A check that passes, but for what a test changes. */
function checkOf({ header = {}, claims = {}, key = keys.privateKey, check = {} }: Change = {}): DpopCheck {
  const ath = createHash('sha256').update(TOKEN).digest('base64url')
  const proof = signJwt(
    { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
    { jti: 'one', htm: 'GET', htu: URL, iat: NOW, nonce: 'fresh', ath, ...claims },
    key,
  )
  return { proof, method: 'GET', url: URL, accessToken: TOKEN, isNonce: (nonce) => nonce === 'fresh', now: NOW, ...check }
}

/** Checks a proof and remembers it, as authentication does. */
async function verifyDpop({ replay, ...check }: DpopCheck & Readonly<{ replay: ReplayStore }>) {
  const proof = checkDpop(check)
  await createPendingProof({ replay }, useOfDpop(proof, check.now)).take()
  return proof
}

function codeOf(check: DpopCheck): string {
  try {
    checkDpop(check)
    return 'accepted'
  } catch (error) {
    if (error instanceof StileError) return error.code
    throw error
  }
}

const refusal = (change: Change): string => codeOf(checkOf(change))

describe('the examples of RFC 9449', () => {
  const head =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19'
  const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'

  test('the proof of the token request (§5) is accepted and names the key of §6.1', () => {
    const proof = `${head}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`
    const found = checkDpop({ proof, method: 'POST', url: 'https://server.example.com/token', now: 1562262616 })
    expect(found).toMatchObject({ jkt, jti: '-BwC3ESc6acc2lTc' })
  })

  test('the proof of the refresh request (§5) is accepted', () => {
    const proof = `${head}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA`
    expect(checkDpop({ proof, method: 'POST', url: 'https://server.example.com/token', now: 1562265296 }).jkt).toBe(jkt)
  })

  const resource: DpopCheck = {
    proof: `${head}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`,
    method: 'GET',
    url: 'https://resource.example.org/protectedresource',
    accessToken: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt,
    now: 1562262618,
  }

  test('the proof of the resource request (§7.1) is accepted with its token and the key that the token is bound to', () => {
    expect(checkDpop(resource).jkt).toBe(jkt)
  })

  test('the same proof with another token, key or time is refused', () => {
    expect(codeOf({ ...resource, accessToken: 'another' })).toBe('invalid_dpop_proof')
    expect(codeOf({ ...resource, jkt: jkt.replace('0', '1') })).toBe('invalid_dpop_proof')
    expect(codeOf({ ...resource, now: 1562262618 + 61 })).toBe('invalid_dpop_proof')
  })
})

describe('the checks of RFC 9449 §4.3', () => {
  test('a proof that is right passes', () => {
    expect(refusal({})).toBe('accepted')
  })

  test('1: a second header cannot smuggle in another proof', () => {
    const { proof } = checkOf()
    expect(refusal({ check: { proof: undefined } })).toBe('invalid_dpop_proof')
    expect(refusal({ check: { proof: [proof as string, proof as string] } })).toBe('invalid_dpop_proof')
    expect(refusal({ check: { proof: [proof as string] } })).toBe('invalid_dpop_proof')
    expect(refusal({ check: { proof: `${proof}, ${proof}` } })).toBe('invalid_dpop_proof')
  })

  test('2: what is no well-formed JWT, or larger than one needs to be, is refused', () => {
    const { proof } = checkOf()
    for (const bad of ['', 'x', 'a.b', 'a.b.c', `${proof}.x`, `${proof}=`, ` ${proof}`, `e30.e30.${'A'.repeat(86)}`])
      expect(refusal({ check: { proof: bad } })).toBe('invalid_dpop_proof')
    expect(refusal({ claims: { padding: 'x'.repeat(4096) } })).toBe('invalid_dpop_proof')
  })

  test('2: a critical extension that nobody here understands cannot be slipped past', () => {
    expect(refusal({ header: { crit: ['b64'], b64: false } })).toBe('invalid_dpop_proof')
  })

  test.each([
    ['jti', [undefined, '', 1, null, 'x'.repeat(129), 'a\u0000b']],
    ['htm', [undefined, 1, null]],
    ['htu', [undefined, 1, null]],
    ['iat', [undefined, '1800000000', null]],
  ])('3: a proof without a usable %s is refused', (claim, values) => {
    for (const value of values) expect(refusal({ claims: { [claim]: value } })).toBe('invalid_dpop_proof')
  })

  test('4: another JWT of the same key does not pass as a proof', () => {
    for (const typ of ['JWT', 'at+jwt', 'DPOP+JWT', 'application/dpop+jwt', undefined])
      expect(refusal({ header: { typ } })).toBe('invalid_dpop_proof')
  })

  test('5: none, a shared secret and any other algorithm are refused', () => {
    for (const alg of ['none', 'HS256', 'ES384', 'RS256', 'es256', undefined])
      expect(refusal({ header: { alg } })).toBe('invalid_dpop_proof')
  })

  test('6: a thief who knows the public key cannot sign for it', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(refusal({ key: other.privateKey })).toBe('invalid_dpop_proof')
    const { proof } = checkOf()
    const [head, body] = String(proof).split('.')
    for (const signature of ['AA', 'A'.repeat(86), 'A'.repeat(88)])
      expect(refusal({ check: { proof: `${head}.${body}.${signature}` } })).toBe('invalid_dpop_proof')
  })

  test('6: a key of another kind, off the curve or in a second spelling is refused', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
    const x = String(jwk.x)
    // the last character of 43 holds two bits that are no part of the 32 bytes
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const second = x.slice(0, 42) + alphabet[alphabet.indexOf(String(x[42])) + 1]
    expect(Buffer.from(second, 'base64url')).toEqual(Buffer.from(x, 'base64url'))
    for (const bad of [
      undefined,
      null,
      'key',
      [],
      {},
      rsa,
      p384,
      { ...jwk, crv: 'P-384' },
      { ...jwk, x: jwk.y },
      { ...jwk, x: second },
      { ...jwk, x: `${x}=` },
    ])
      expect(refusal({ header: { jwk: bad } })).toBe('invalid_dpop_proof')
  })

  test('7: a key that was sent with its private half is known to others, so it is refused', () => {
    expect(refusal({ header: { jwk: keys.privateKey.export({ format: 'jwk' }) } })).toBe('invalid_dpop_proof')
    expect(refusal({ header: { jwk: { ...jwk, d: '' } } })).toBe('invalid_dpop_proof')
  })

  test('8: a proof for reading does not allow deleting', () => {
    expect(refusal({ check: { method: 'DELETE' } })).toBe('invalid_dpop_proof')
    expect(refusal({ claims: { htm: 'get' } })).toBe('invalid_dpop_proof')
  })

  test('9: a proof for one URI does not pass at another', () => {
    for (const htu of [
      'https://stile.example/v1/tokens',
      'https://evil.example/v1/state',
      'http://stile.example/v1/state',
      'https://stile.example:444/v1/state',
    ])
      expect(refusal({ claims: { htu } })).toBe('invalid_dpop_proof')
    for (const htu of ['', 'x', '/v1/state', 'https://user@stile.example/v1/state'])
      expect(refusal({ claims: { htu } })).toBe('invalid_dpop_proof')
  })

  test('9: query, fragment, case of the host and the default port make no difference', () => {
    for (const htu of [`${URL}?a=1`, `${URL}#x`, 'HTTPS://STILE.EXAMPLE:443/v1/state'])
      expect(refusal({ claims: { htu } })).toBe('accepted')
    expect(refusal({ check: { url: `${URL}?audience=x` } })).toBe('accepted')
  })

  test('10: without a nonce of this server a proof cannot be made in advance', () => {
    for (const nonce of [undefined, 'stale', 1, null, '', 'x'.repeat(300)]) expect(refusal({ claims: { nonce } })).toBe('use_dpop_nonce')
  })

  test('10: where no nonce is asked for none is needed', () => {
    const { isNonce: _, ...check } = checkOf({ claims: { nonce: undefined } })
    expect(codeOf(check)).toBe('accepted')
  })

  test('11: a browser whose clock is wrong is not locked out: the nonce says that the proof is fresh', () => {
    for (const iat of [NOW - 3600, NOW + 3600, NOW - 0.5, 0, -1]) expect(refusal({ claims: { iat } })).toBe('accepted')
    for (const iat of [NOW - 3600, NOW]) expect(refusal({ claims: { iat, nonce: 'stale' } })).toBe('use_dpop_nonce')
  })

  test('11: where no nonce is asked for, a proof of a minute ago or of the future is refused', () => {
    const withoutNonce = (iat: number): string => {
      const { isNonce: _, ...check } = checkOf({ claims: { iat, nonce: undefined } })
      return codeOf(check)
    }
    for (const iat of [NOW - 61, NOW + 61, 0, -1]) expect(withoutNonce(iat)).toBe('invalid_dpop_proof')
    for (const iat of [NOW - 60, NOW + 60, NOW - 0.5]) expect(withoutNonce(iat)).toBe('accepted')
  })

  test('threat: a proof that says when it ends is used after that, with a nonce and without', () => {
    for (const exp of [NOW, NOW - 1, String(NOW + 60), null]) expect(refusal({ claims: { exp } })).toBe('invalid_dpop_proof')
    expect(refusal({ claims: { exp: NOW + 1 } })).toBe('accepted')
    const { isNonce: _, ...check } = checkOf({ claims: { exp: NOW } })
    expect(codeOf(check)).toBe('invalid_dpop_proof')
  })

  test('12: a proof stolen together with its key use does not carry another token', () => {
    const other = createHash('sha256').update('another').digest('base64url')
    for (const ath of [undefined, '', other, null, 1]) expect(refusal({ claims: { ath } })).toBe('invalid_dpop_proof')
    expect(refusal({ check: { jkt: other } })).toBe('invalid_dpop_proof')
  })
})

test('whatever is sent is refused with a code and never breaks the service', () => {
  const part = fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })).map((text) => Buffer.from(text).toString('base64url'))
  const jwt = fc.tuple(part, part, part).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(fc.oneof(fc.string(), jwt, fc.string({ unit: 'binary' })), (proof) => {
      expect(refusal({ check: { proof } })).toBe('invalid_dpop_proof')
    }),
  )
})

test('whatever a signed proof says in its members, it is refused with a code or is the right one', () => {
  const member = fc.constantFrom('typ', 'alg', 'jwk', 'crit', 'jti', 'htm', 'htu', 'iat', 'nonce', 'ath')
  fc.assert(
    fc.property(member, fc.jsonValue(), (name, value) => {
      const header = ['typ', 'alg', 'jwk', 'crit'].includes(name)
      const code = refusal(header ? { header: { [name]: value } } : { claims: { [name]: value } })
      expect(['accepted', 'invalid_dpop_proof', 'use_dpop_nonce']).toContain(code)
      // any jti and any time will do: the nonce says that the proof is fresh
      if (code === 'accepted') expect(['jti', 'iat']).toContain(name)
    }),
  )
})

test('no message repeats what was sent', () => {
  for (const change of [
    { claims: { jti: 'SECRET'.repeat(50) } },
    { claims: { htu: 'https://SECRET.example/' } },
    { claims: { nonce: 'SECRET' } },
    { check: { proof: 'SECRET' } },
  ]) {
    try {
      checkDpop(checkOf(change))
    } catch (error) {
      expect(String((error as Error).stack)).not.toContain('SECRET')
    }
  }
  expect.assertions(4)
})

describe('the memory of used proofs (RFC 9449 §11.1)', () => {
  let test_: TestDomain
  beforeAll(async () => {
    test_ = await createTestDomain()
    return () => test_.close()
  })

  test('a proof that was overheard is not accepted again: of a burst exactly one passes', async () => {
    const { replay } = test_.domain.store
    const check = { ...checkOf(), replay }
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => verifyDpop(check)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(refused.reason).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('an overheard proof is remembered for as long as its nonce is accepted, whatever its clock said', async () => {
    const { replay, sweep } = test_.domain.store
    const noncesAt = (now: number) => createDpopNonces({ key: new Uint8Array(32).fill(7), now: () => now })
    // another instance, whose clock is fast, gave this one before its step begins here: it lives longest
    const step = Math.ceil(NOW / NONCE_STEP_SECONDS) * NONCE_STEP_SECONDS
    const start = step - 5
    const nonce = noncesAt(step).current()
    for (const [jti, iat] of Object.entries({ right: start, slow: start - 3600, fast: start + 3600, ancient: -1e300 })) {
      const at = (now: number) =>
        verifyDpop({
          ...checkOf({ claims: { jti, iat, nonce } }),
          isNonce: (each) => noncesAt(now).handedOutAt(each) !== undefined,
          now,
          replay,
        })
      await at(start)
      for (const later of [start + 1, step + NONCE_STEP_SECONDS, step + NONCE_LIFETIME_SECONDS - 1]) {
        await sweep(later)
        await expect(at(later)).rejects.toMatchObject({ message: expect.stringContaining('used before') })
      }
      await expect(at(step + NONCE_LIFETIME_SECONDS)).rejects.toMatchObject({ code: 'use_dpop_nonce' })
    }
  })

  test('without a nonce it is remembered to the last second in which it could be accepted', async () => {
    const { replay } = test_.domain.store
    for (const iat of [NOW + 60, NOW + 0.9]) {
      const { isNonce: _, ...check } = { ...checkOf({ claims: { jti: `at ${iat}`, iat, nonce: undefined } }), replay }
      await verifyDpop(check)
      const last = Math.floor(iat) + PROOF_WINDOW_SECONDS
      await expect(verifyDpop({ ...check, now: last })).rejects.toMatchObject({ message: expect.stringContaining('used before') })
    }
  })

  test('two devices may choose the same jti', async () => {
    const { replay } = test_.domain.store
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await verifyDpop({ ...checkOf({ claims: { jti: 'shared' } }), replay })
    const second = checkOf({ claims: { jti: 'shared' }, key: other.privateKey, header: { jwk: other.publicKey.export({ format: 'jwk' }) } })
    await expect(verifyDpop({ ...second, replay })).resolves.toMatchObject({ jti: 'shared' })
  })

  test('a refused proof is not remembered', async () => {
    const { replay } = test_.domain.store
    await expect(verifyDpop({ ...checkOf({ claims: { jti: 'kept' } }), method: 'PUT', replay })).rejects.toThrow(StileError)
    await expect(verifyDpop({ ...checkOf({ claims: { jti: 'kept' } }), replay })).resolves.toMatchObject({ jti: 'kept' })
  })
})
