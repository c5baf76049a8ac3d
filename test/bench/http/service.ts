import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { definePolicy, type Policy } from '@stile/policy'

export const AUDIENCE = 'https://api.example.com'
/** One feature that needs no more than the session, and one that needs a proof. */
export const policy: Policy<'reports.view' | 'reports.export'> = definePolicy({
  format: 1,
  features: { 'reports.view': {}, 'reports.export': { requires: { level: 'mfa', maxAge: '15m' } } },
  tiers: { pro: { features: ['reports.view', 'reports.export'] } },
})

type Jwk = Readonly<Record<string, unknown>>

/** Somebody with a device key, and with a token that is bound to it unless it is a bearer token. */
export type Person = Readonly<{ name: string; jwk: Jwk; token: string; prove(method: string, url: string): string }>

/** What a guard asks of a verification service, and tokens of it for people. */
export type Service = Readonly<{
  url: string
  jwk: Jwk
  personOf(index: number, isBound: boolean): Person
  deviceKeys: Readonly<Record<string, Jwk>>
  close(): void
}>

/** Starts a service that signs with a key of its own and knows one account, which has a license. */
export async function startService(people: number): Promise<Service> {
  const signer = keyPair()
  const jwk = { ...signer.jwk, kid: 'bench', alg: 'ES256', use: 'sig' }
  const devices = Array.from({ length: people }, keyPair)
  let url = ''
  const checkpoint = (): string => {
    const claims = { iss: url, generation: 'bench', seq: 1, iat: seconds(), policy: { revision: 1, digest: policy.digest } }
    const jws = jwt({ alg: 'ES256', typ: 'stile-checkpoint+jwt', kid: 'bench' }, claims, signer.privateKey)
    return `id: bench:1\nevent: checkpoint\ndata: ${JSON.stringify({ type: 'checkpoint', cursor: 1, jws })}\n\n`
  }
  const server = createServer((request, response) => {
    if (request.url === '/v1/feed') {
      response.setHeader('Content-Type', 'text/event-stream')
      response.write(checkpoint())
      const timer = setInterval(() => response.write(checkpoint()), 5_000)
      response.on('close', () => clearInterval(timer))
      return
    }
    response.setHeader('Content-Type', 'application/json')
    const license = { id: 'lic_1', epoch: 1, tier: 'pro', features: [], state: 'active' }
    const isKeys = request.url === '/.well-known/jwks.json'
    response.end(JSON.stringify(isKeys ? { keys: [jwk] } : { account: 'acme', cursor: 1, license }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    jwk,
    deviceKeys: Object.fromEntries(devices.map((device, index) => [`u${index}`, device.jwk])),
    personOf(index, isBound) {
      const device = devices[index % people] ?? signer
      const now = seconds()
      const proof = { amr: ['otp'], auth_time: now, acr: 'urn:stile:acr:mfa' }
      const claims = {
        iss: url,
        aud: AUDIENCE,
        sub: `demo|u${index}`,
        exp: now + 295,
        iat: now,
        nbf: now,
        jti: randomUUID(),
        client_id: 'web',
        sid: `sid-${index}`,
        account: 'acme',
        ...proof,
        proofs: [{ method: 'totp', ...proof }],
        ...(isBound && { cnf: { jkt: sha256(JSON.stringify(device.jwk)) } }),
        lic: { id: 'lic_1', epoch: 1, tier: 'pro', features: [], state: 'active' },
        pol: { revision: 1, digest: policy.digest },
        risk: 'normal',
      }
      const token = jwt({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' }, claims, signer.privateKey)
      const ath = sha256(token)
      return {
        name: `u${index}`,
        jwk: device.jwk,
        token,
        prove: (htm, htu) =>
          jwt({ alg: 'ES256', typ: 'dpop+jwt', jwk: device.jwk }, { htm, htu, iat: seconds(), jti: randomUUID(), ath }, device.privateKey),
      }
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function keyPair(): Readonly<{ privateKey: KeyObject; jwk: Jwk }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  // in the order of RFC 7638
  return { privateKey, jwk: { crv: 'P-256', kty: 'EC', x, y } }
}

function jwt(header: object, claims: object, key: KeyObject): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encoded(header)}.${encoded(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function seconds(): number {
  return Math.floor(Date.now() / 1_000)
}
