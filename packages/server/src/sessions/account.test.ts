import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTestDomain, signJwt, TEST_ISSUER } from '../domain.test-support.ts'
import type { IssuerOptions, ServiceOptions } from '../options/options.ts'
import { createSessionTokens } from './session-token.ts'

type Accounts = IssuerOptions['accounts']

const PARTNER = 'https://sso.partner.example'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A service with two logins that both name accounts: the product's own, and that of a partner. */
async function world({ main, partner, named = true }: { main?: Accounts; partner?: Accounts; named?: boolean }) {
  const first = await createTestDomain()
  onTestFinished(first.close)
  const [own] = first.domain.options.issuers
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'p1', alg: 'ES256' }
  const issuers = [
    { ...own, ...(main && { accounts: main }), claims: named ? { account: 'account' } : {} },
    {
      ...{ id: 'partner', issuer: PARTNER, jwks: { keys: [jwk] }, audience: 'stile', claims: { account: 'account' } },
      ...(partner && { accounts: partner }),
    },
  ]
  const { domain, clock, close } = await createTestDomain({ options: { issuers } as unknown as Partial<ServiceOptions> })
  onTestFinished(close)
  const { publicUrl, issuers: checked, log } = domain.options
  const tokens = createSessionTokens({ issuers: checked, publicUrl, now: clock.now, fetch: globalThis.fetch, log })
  const accountOf = (verified: Promise<{ account: string | undefined }>) =>
    verified.then(
      ({ account }) => account,
      ({ code }) => code as string,
    )
  return {
    /** Whose account a token of the product's own login names. */
    main: (account?: string) => accountOf(tokens.verify(first.issuer.mint({ account }))),
    /** The same of the partner's login. */
    partner(account: string) {
      const payload = { iss: PARTNER, aud: 'stile', sub: 'eve', sid: 's', account, iat: clock.now(), exp: clock.now() + 60 }
      return accountOf(tokens.verify(signJwt({ alg: 'ES256', typ: 'JWT', kid: 'p1' }, payload, privateKey)))
    },
  }
}

describe('threat: the login of one customer names the account of another', () => {
  test('if several issuers name accounts, the service does not start before each says whose they are', async () => {
    await expect(world({})).rejects.toThrow(/issuers\[0\]\.accounts[\s\S]*issuers\[1\]\.accounts/)
    await expect(world({ main: 'shared' })).rejects.toThrow(/issuers\[1\]\.accounts/)
  })

  test('an issuer with accounts of its own names no other: an organisation, a person or what another issuer owns', async () => {
    const { main, partner } = await world({ main: 'shared', partner: 'own' })
    expect(await main('acme')).toBe('acme')
    expect(await partner('acme')).toBe('partner:acme')
    expect(await partner('main|bob')).toBe('partner:main|bob')
    expect(await partner('main:acme')).toBe('partner:main:acme')
    expect(await main('partner:acme')).toBe('invalid_token')
    expect(await main('partner|eve')).toBe('invalid_token')
  })

  test('an account of its own is never a person of the same issuer', async () => {
    expect(await (await world({ main: 'shared', partner: 'own' })).partner('eve')).not.toBe('partner|eve')
  })

  test('two that share the names of organisations still do not name each other’s people', async () => {
    const { main, partner } = await world({ main: 'shared', partner: 'shared' })
    expect([await main('acme'), await partner('acme')]).toEqual(['acme', 'acme'])
    expect([await main('partner|eve'), await partner('main|bob')]).toEqual(['invalid_token', 'invalid_token'])
    expect(await partner('partner:acme'), 'nobody owns that').toBe('partner:acme')
  })

  test('the only issuer that names accounts still does not name the people of another', async () => {
    const { main, partner } = await world({ named: false })
    expect(await main('acme')).toBeUndefined()
    expect(await partner('acme')).toBe('acme')
    expect(await partner('main|bob')).toBe('invalid_token')
  })
})

test('a deployment with one issuer names accounts as before', async () => {
  const { domain, issuer, clock, close } = await createTestDomain()
  onTestFinished(close)
  const { publicUrl, issuers, log } = domain.options
  const tokens = createSessionTokens({ issuers, publicUrl, now: clock.now, fetch: globalThis.fetch, log })
  for (const account of ['acme', 'main|bob', 'other|bob', 'main:acme'])
    expect(await tokens.verify(issuer.mint({ account, iss: TEST_ISSUER }))).toMatchObject({ account })
})
