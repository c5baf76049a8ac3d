import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkAuthenticatorData, readAuthenticatorData } from './authenticator-data.ts'

const UP = 1
const UV = 4
const BE = 8
const BS = 16

async function check(flags: number, userVerification: 'required' | 'preferred' = 'required', rpId = 'app.example') {
  const bytes = Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags, 0, 0, 0, 0])])
  const data = await readAuthenticatorData(new Uint8Array(bytes))
  return () => checkAuthenticatorData(data, { rpId: 'app.example', userVerification })
}

test.each([
  [UP | UV, 'required'],
  [UP, 'preferred'],
  [UP | UV | BE, 'required'],
  [UP | UV | BE | BS, 'required'],
] as const)('the flags %i are right if user verification is %s', async (flags, userVerification) => {
  expect(await check(flags, userVerification)).not.toThrow()
})

test.each([
  [0, 'preferred', 'user_verification_missing'],
  [UV, 'preferred', 'user_verification_missing'],
  [UP, 'required', 'user_verification_missing'],
  [UP | UV | BS, 'required', 'response_malformed'],
] as const)('the flags %i are refused if user verification is %s: %s', async (flags, userVerification, failure) => {
  expect(await check(flags, userVerification)).toThrow(failure)
})

test('the hash of another relying party is refused', async () => {
  expect(await check(UP | UV, 'required', 'evil.test')).toThrow('rp_mismatch')
})

test.each([0, 36, 38])('%i bytes are refused', async (length) => {
  await expect(readAuthenticatorData(new Uint8Array(length))).rejects.toThrow('response_malformed')
})
