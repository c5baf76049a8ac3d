import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAssuranceClaims } from './parse-claims.ts'

const thumbprint = 'a'.repeat(43)
const claims = {
  iss: 'https://stile.example',
  aud: 'https://api.example',
  sub: 'demo|1',
  exp: 1_700_000_300,
  iat: 1_700_000_000,
  nbf: 1_700_000_000,
  jti: 'j',
  client_id: 'web',
  sid: 's',
  account: 'acme',
  acr: 'phr',
  amr: ['hwk', 'user'],
  auth_time: 1_699_999_990,
  proofs: [
    { method: 'login', acr: 'urn:stile:acr:session', amr: ['pwd'], auth_time: 0 },
    { method: 'passkey', acr: 'phr', amr: ['hwk', 'user'], auth_time: 1_699_999_990 },
  ],
  lic: { id: 'lic_1', epoch: 1, tier: 'pro', features: [], state: 'active' },
  pol: { revision: 1, digest: 'd' },
  risk: 'normal',
}
const full = {
  ...claims,
  act: { sub: 'demo|2' },
  cnf: { jkt: thumbprint },
  authorization_details: [{ type: 'stile_operation', feature: 'payouts.approve', digest: thumbprint, salt: 's' }],
}

test('reads every claim, and ignores those it does not know', () => {
  expect(parseAssuranceClaims(claims)).toEqual(claims)
  expect(parseAssuranceClaims({ ...full, later: 1, cnf: { ...full.cnf, later: 1 } })).toEqual(full)
  expect(parseAssuranceClaims({ ...claims, lic: null })?.lic).toBeNull()
})

test('drops proofs of an unknown method or level, and details of another type: they say nothing that we know', () => {
  const [login, passkey] = claims.proofs
  const proofs = [{ ...login, method: 'iris' }, passkey, { ...passkey, acr: 'root' }, { ...passkey, acr: 'toString' }]
  expect(parseAssuranceClaims({ ...claims, proofs })?.proofs).toEqual([passkey])
  const details = [{ type: 'payment' }, ...full.authorization_details]
  expect(parseAssuranceClaims({ ...full, authorization_details: details })?.authorization_details).toEqual(full.authorization_details)
})

test.each(Object.keys(claims))('a token without %s is none', (name) => {
  expect(parseAssuranceClaims({ ...full, [name]: undefined })).toBeUndefined()
})

test.each(Object.keys(full))('a %s that is null, empty or of another type is refused', (name) => {
  for (const value of ['', {}, 1.5, -1, true, [1], [null], ...(name === 'lic' ? [] : [null])]) {
    expect(parseAssuranceClaims({ ...full, [name]: value })).toBeUndefined()
  }
})

test.each([
  ['cnf', { jkt: '' }],
  ['cnf', { jkt: 'short' }],
  ['cnf', { 'x5t#S256': thumbprint }],
  ['authorization_details', { 0: full.authorization_details[0] }],
  ['authorization_details', [{ ...full.authorization_details[0], digest: 'short' }]],
  ['authorization_details', [{ ...full.authorization_details[0], feature: '' }]],
])('threat: a broken %s passes for a token that is bound to nothing: %j', (name, value) => {
  expect(parseAssuranceClaims({ ...full, [name]: value })).toBeUndefined()
})

test('threat: a proof whose authenticator is new passes for one that has settled, because its instant is not understood', () => {
  const [login, passkey] = claims.proofs
  const withInstant = (settles_at: unknown) => ({ ...claims, proofs: [login, { ...passkey, settles_at }] })
  expect(parseAssuranceClaims(withInstant(1_700_086_400))).toEqual(withInstant(1_700_086_400))
  for (const value of [null, '', '1700086400', 1.5, -1, true, {}, [1]]) expect(parseAssuranceClaims(withInstant(value))).toBeUndefined()
})

test('threat: one token is used for two operations', () => {
  const [detail] = full.authorization_details
  expect(parseAssuranceClaims({ ...full, authorization_details: [detail, { ...detail, feature: 'other' }] })).toBeUndefined()
})

test('threat: a subject without an issuer, or an unknown band, is let through', () => {
  expect(parseAssuranceClaims({ ...full, sub: '1' })).toBeUndefined()
  expect(parseAssuranceClaims({ ...full, risk: 'fine' })).toBeUndefined()
})

test('threat: a license with a part that is not understood passes for no license', () => {
  expect(parseAssuranceClaims({ ...full, lic: { ...claims.lic, state: 'eternal' } })).toBeUndefined()
})

test('property: nothing makes it throw, in whatever claim it stands', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...Object.keys(full)), (value, name) => {
      parseAssuranceClaims(value)
      const read = parseAssuranceClaims({ ...full, [name]: value })
      if (read) expect(parseAssuranceClaims(read)).toEqual(read)
    }),
  )
})
