// What somebody writes who knows the service's endpoints, this one feature and its one method: a device key, a proof for each call, and
// the browser's own passkey prompt.
import { session, showButton } from './measure.ts'

const SERVICE = `${location.origin}/stile`
const encoder = new TextEncoder()
const encode = (bytes: ArrayBuffer | Uint8Array) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const sha256 = async (text: string) => encode(await crypto.subtle.digest('SHA-256', encoder.encode(text)))

const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
const header = encode(encoder.encode(JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } })))
const token = await session({ jkt: await sha256(JSON.stringify({ crv, kty, x, y })) })
let nonce: string | undefined

async function prove(htm: string, htu: string, proven: string): Promise<string> {
  const claims = { htm, htu, jti: crypto.randomUUID(), iat: Math.floor(Date.now() / 1000), ath: await sha256(proven), nonce }
  const input = `${header}.${encode(encoder.encode(JSON.stringify(claims)))}`
  return `${input}.${encode(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, encoder.encode(input)))}`
}

async function call(method: string, path: string, body?: object) {
  const url = SERVICE + path
  const headers = { authorization: `Bearer ${token}`, dpop: await prove(method, url, token), 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  nonce = response.headers.get('dpop-nonce') ?? nonce
  return response.json()
}

nonce = (await fetch(`${SERVICE}/v1/nonce`)).headers.get('dpop-nonce') ?? undefined
await call('GET', '/v1/state')
showButton(async () => {
  const { id, methods } = await call('POST', '/v1/step-ups', { feature: 'reports.export' })
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(methods[0].start)
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential
  const { issued } = await call('POST', `/v1/step-ups/${id}/attempts`, { method: 'passkey', response: credential.toJSON() })
  const url = `${location.origin}/api/content`
  return fetch(url, { headers: { authorization: `DPoP ${issued.token}`, dpop: await prove('GET', url, issued.token) } })
})
