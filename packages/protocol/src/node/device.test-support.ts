import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'

/** A device with its key. */
export type Device = Readonly<{ privateKey: KeyObject; publicKey: KeyObject; jwk: JsonWebKey }>

export function createDevice(): Device {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey, jwk: publicKey.export({ format: 'jwk' }) }
}

export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** Signs a JWT with ES256, whatever its header says. Members that are `undefined` are left out. */
export function signJwt(header: object, payload: object, key: KeyObject): string {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
