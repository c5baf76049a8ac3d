import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCode } from '../typed-code.ts'
import { encodeBase32 } from './base32.ts'
import { hotp } from './hotp.ts'
import { matchTotp, otpauthUri } from './totp.ts'

const secret = Buffer.from('12345678901234567890')
const now = 1_800_000_000
const step = now / 30

describe('a typed code', () => {
  test.each([
    ['287082', '287082'],
    [' 287 082 ', '287082'],
    ['287-082', '287082'],
    ['000000', '000000'],
    ['28708', undefined],
    ['2870821', undefined],
    ['28708a', undefined],
    ['+28708', undefined],
    ['2e5000', undefined],
    ['２８７０８２', '287082'],
    ['٢٨٧ ٠٨٢', '287082'],
    ['', undefined],
    [287082, undefined],
    [['287082'], undefined],
    [{ toString: () => '287082' }, undefined],
    [`${' '.repeat(100)}287082`, undefined],
  ])('%j is read as %j', (typed, code) => {
    expect(readCode(typed)).toBe(code)
  })

  test('is six ASCII digits in the end, or nothing, whatever was typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary' })), (typed) => {
        expect(readCode(typed) ?? '000000').toMatch(/^[0-9]{6}$/)
      }),
    )
  })
})

describe('the step of a code', () => {
  test.each([-1, 0, 1])('is found %i steps from now', (away) => {
    expect(matchTotp({ secret, code: hotp(secret, step + away), now, windowSteps: 1 })).toBe(step + away)
  })

  test.each([-2, 2, -2880, 2880])('is not found %i steps from now', (away) => {
    expect(matchTotp({ secret, code: hotp(secret, step + away), now, windowSteps: 1 })).toBeUndefined()
  })

  test('changes exactly every thirty seconds', () => {
    const code = hotp(secret, step)
    expect(matchTotp({ secret, code, now: now + 29, windowSteps: 0 })).toBe(step)
    expect(matchTotp({ secret, code, now: now + 30, windowSteps: 0 })).toBeUndefined()
    expect(matchTotp({ secret, code, now: now - 1, windowSteps: 0 })).toBeUndefined()
  })

  test('is the older one if two steps of the window share a code', () => {
    // a secret of no length and a window so wide that a code comes twice
    const short = new Uint8Array()
    const seen = new Map<string, number>()
    for (let at = step - 2000; at <= step + 2000; at++) {
      const code = hotp(short, at)
      const first = seen.get(code)
      if (first !== undefined) {
        expect(matchTotp({ secret: short, code, now, windowSteps: 2000 })).toBe(first)
        return
      }
      seen.set(code, at)
    }
    expect.unreachable('no code came twice in the window')
  })

  test('is found at the beginning of time', () => {
    expect(matchTotp({ secret, code: hotp(secret, 0), now: 0, windowSteps: 1 })).toBe(0)
  })

  test('is never found for a code that is not its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), (number) => {
        const code = String(number).padStart(6, '0')
        const codes = [-1, 0, 1].map((away) => hotp(secret, step + away))
        expect(matchTotp({ secret, code, now, windowSteps: 1 }) !== undefined).toBe(codes.includes(code))
      }),
    )
  })
})

const oathtool = spawnSync('oathtool', ['--version'], { encoding: 'utf8' })
const hasOathtool = oathtool.error === undefined && oathtool.status === 0

describe(`an independent authenticator app${hasOathtool ? '' : ' (skipped: oathtool is not installed)'}`, () => {
  test.skipIf(!hasOathtool)('gives the codes that we accept, from the secret that we show', () => {
    for (const at of [0, 59, now, now + 17, 4_102_444_800]) {
      const own = randomBytes(20)
      const { stdout } = spawnSync('oathtool', ['--totp=sha1', '--base32', `--now=@${at}`, encodeBase32(own)], { encoding: 'utf8' })
      expect(matchTotp({ secret: own, code: stdout.trim(), now: at, windowSteps: 0 })).toBe(Math.floor(at / 30))
    }
  })
})

test.each([
  ['Acme: Billing', 'Acme Billing'],
  ['Acme:Billing:EU', 'Acme Billing EU'],
  [':Acme:', 'Acme'],
  ['::', 'Account'],
])('threat: the product %j stands in an app as another one, with a wrong account', (name, shown) => {
  const [, path = '', query = ''] =
    /^otpauth:\/\/totp\/([^?]*)\?(.*)$/.exec(otpauthUri({ secret, issuer: name, account: 'realm:ada' })) ?? []
  // as Google Authenticator, Aegis and FreeOTP read it
  const label = decodeURIComponent(path)
  expect([label.slice(0, label.indexOf(':')), label.slice(label.indexOf(':') + 1)]).toEqual([shown, 'realm:ada'])
  expect(new URLSearchParams(query).get('issuer')).toBe(shown)
})

test('the URI of a secret says everything that an authenticator app reads', () => {
  const uri = new URL(otpauthUri({ secret, issuer: 'Ledger & Söhne', account: 'ada:1@example.com' }))
  expect(uri.protocol).toBe('otpauth:')
  expect(uri.host).toBe('totp')
  expect(uri.pathname).toBe(`/${encodeURIComponent('Ledger & Söhne')}:${encodeURIComponent('ada:1@example.com')}`)
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    issuer: 'Ledger & Söhne',
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})
