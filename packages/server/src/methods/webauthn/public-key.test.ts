import { expect, test } from 'vitest'
import { coseKey, keyPair } from './authenticator.test-support.ts'
import { checkPublicKey } from './public-key.ts'

const check = (key: Uint8Array) => checkPublicKey(new Uint8Array(key))

test.each(['ES256', 'EdDSA', 'RS256'] as const)('a key for %s is right', async (algorithm) => {
  await expect(check(coseKey(keyPair(algorithm).publicKey))).resolves.toBeUndefined()
})

test.each([-65535, -258, -37, -35, -7, undefined])('an RSA key that names the algorithm %s is refused', async (algorithm) => {
  await expect(check(coseKey(keyPair('RS256').publicKey, [[3, algorithm]]))).rejects.toThrow('response_malformed')
})
