import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, deriveKey, type SealContext, SealError, type SealErrorCode } from './seal.ts'

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index)
const CONTEXT: SealContext = { table: 'authenticators', subject: 'demo|alice', id: 'auth_1' }
const sealer = createSealer({ secret: SECRET, random: randomBytes })
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

function codeOf(open: () => unknown): SealErrorCode | 'opened' {
  try {
    open()
    return 'opened'
  } catch (error) {
    if (!(error instanceof SealError)) throw error
    expect(error.message).not.toContain('JBSWY3DPEHPK3PXP')
    return error.code
  }
}

describe('a sealed value', () => {
  it('opens again in its place, whatever it is', () => {
    const part = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(fc.uint8Array(), part, part, part, (plain, table, subject, id) => {
        const sealed = sealer.seal(plain, { table, subject, id })
        expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{22,}$/)
        expect(sealer.open(sealed, { table, subject, id })).toEqual(plain)
      }),
    )
    expect(text(sealer.open(sealer.seal('geheim ✓', CONTEXT), CONTEXT))).toBe('geheim ✓')
  })

  it('opens again after a restart with the same secret', () => {
    const again = createSealer({ secret: SECRET.slice(), random: randomBytes })
    expect(text(again.open(sealer.seal('geheim', CONTEXT), CONTEXT))).toBe('geheim')
  })

  it('threat: equal secrets would be seen to be equal, or a nonce would be used twice', () => {
    const sealed = Array.from({ length: 100 }, () => sealer.seal('same', CONTEXT))
    expect(new Set(sealed.map((each) => each.split('.')[2])).size).toBe(100)
    expect(new Set(sealed.map((each) => each.split('.')[3])).size).toBe(100)
  })

  it('threat: who can write the database would move a sealed value to another row, subject or table', () => {
    const sealed = sealer.seal('JBSWY3DPEHPK3PXP', CONTEXT)
    for (const other of [{ table: 'registrations' }, { subject: 'demo|mallory' }, { id: 'auth_2' }]) {
      expect(codeOf(() => sealer.open(sealed, { ...CONTEXT, ...other }))).toBe('not_authentic')
    }
  })

  it('threat: two contexts would share one encoding, by cutting the same text elsewhere', () => {
    const sealed = sealer.seal('x', { table: 'a', subject: 'bc', id: 'd' })
    for (const [table, subject, id] of [
      ['ab', 'c', 'd'],
      ['a', 'b', 'cd'],
      ['abcd', '', ''],
      ['', 'abcd', ''],
      ['a', 'bcd', ''],
    ] as const) {
      expect(codeOf(() => sealer.open(sealed, { table, subject, id }))).toBe('not_authentic')
    }
    expect(() => sealer.seal('x', { ...CONTEXT, subject: 'demo|\ud800' })).toThrow(/well-formed/)
  })

  it('threat: an altered value would be opened: any flipped bit is refused', () => {
    const sealed = sealer.seal('JBSWY3DPEHPK3PXP', CONTEXT)
    const [version, kid, ...parts] = sealed.split('.')
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url')
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const altered = Buffer.from(bytes)
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const forged = [version, kid, ...parts.with(index, altered.toString('base64url'))].join('.')
        expect(codeOf(() => sealer.open(forged, CONTEXT))).toBe('not_authentic')
      }
    }
  })

  it('threat: a shortened or lengthened value would be opened', () => {
    const sealed = sealer.seal('JBSWY3DPEHPK3PXP', CONTEXT)
    for (let length = 0; length < sealed.length; length += 1) {
      expect(codeOf(() => sealer.open(sealed.slice(0, length), CONTEXT))).not.toBe('opened')
    }
    for (const more of ['A', 'AAAA', '.', '.AAAA', '=', '\n'])
      expect(codeOf(() => sealer.open(`${sealed}${more}`, CONTEXT))).not.toBe('opened')
  })

  it('says what is wrong with anything else, and never opens it', () => {
    fc.assert(fc.property(fc.string(), (any) => codeOf(() => sealer.open(any, CONTEXT)) === 'malformed'))
    const [, ...rest] = sealer.seal('x', CONTEXT).split('.')
    expect(codeOf(() => sealer.open(['v2', ...rest].join('.'), CONTEXT))).toBe('malformed')
  })

  it('says that the secret has changed where it was sealed with another one', () => {
    const sealed = createSealer({ secret: randomBytes(32), random: randomBytes }).seal('JBSWY3DPEHPK3PXP', CONTEXT)
    expect(codeOf(() => sealer.open(sealed, CONTEXT))).toBe('secret_changed')
    expect(() => sealer.open(sealed, CONTEXT)).toThrow(/the secret of the service has changed.*former secret/)
  })

  it('threat: naming the present key on a value of another secret would open it', () => {
    const foreign = createSealer({ secret: randomBytes(32), random: randomBytes })
      .seal('x', CONTEXT)
      .split('.')
    const kid = sealer.seal('x', CONTEXT).split('.')[1] ?? ''
    expect(codeOf(() => sealer.open(foreign.with(1, kid).join('.'), CONTEXT))).toBe('not_authentic')
  })

  it('refuses randomness of the wrong length', () => {
    expect(() => createSealer({ secret: SECRET, random: () => new Uint8Array(8) }).seal('x', CONTEXT)).toThrow(/12 random bytes/)
  })
})

describe('a derived key', () => {
  it('is another for every purpose and every secret, and the same every time', () => {
    const hex = (secret: Uint8Array, info: string) => Buffer.from(deriveKey(secret, info)).toString('hex')
    expect(hex(SECRET, 'a')).toBe(hex(SECRET.slice(), 'a'))
    expect(new Set([hex(SECRET, 'a'), hex(SECRET, 'b'), hex(new Uint8Array(32), 'a'), Buffer.from(SECRET).toString('hex')]).size).toBe(4)
    expect(deriveKey(SECRET, 'a')).toHaveLength(32)
  })

  it('threat: a short secret would be guessed', () => {
    for (const length of [0, 16, 31, 33]) {
      expect(() => deriveKey(new Uint8Array(length), 'a')).toThrow(`has ${length} bytes and must have 32`)
      expect(() => createSealer({ secret: new Uint8Array(length), random: randomBytes })).toThrow(/must have 32/)
    }
  })
})
