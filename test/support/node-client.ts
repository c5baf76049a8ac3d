import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose'

/** What came back: `body` is the JSON object, or empty if the text is none. */
export type Answer = Readonly<{ status: number; headers: Headers; body: Readonly<Record<string, unknown>>; text: string }>

/** One device of one person, as a program: it has the keys and the patience of a browser and none of its rules. */
export type NodeClient = Readonly<{
  /** The RFC 7638 thumbprint of the device key. */
  jkt: string
  /** A session token, as the application mints them. */
  session(): Promise<string>
  /** Signs a DPoP proof (RFC 9449 §4.2) for a request that carries `token`; claims given replace the right ones. */
  proof(method: string, url: string, token: string, claims?: Readonly<Record<string, unknown>>): Promise<string>
  /** Calls the service with the session token, a proof and the nonce that it asked for. */
  service(method: string, path: string, body?: unknown, other?: ServiceCall): Promise<Answer>
  /** Calls the API as the person who is signed in there, with an assurance token and its proof if a token is given. */
  api(method: string, path: string, options?: ApiCall): Promise<Answer>
}>

/** What is unusual about a call of the service. */
export type ServiceCall = Readonly<{
  headers?: Readonly<Record<string, string>>
  /** Sent as it is, instead of a JSON body. */
  raw?: string | Uint8Array<ArrayBuffer>
}>

/** How the API is called. */
export type ApiCall = Readonly<{
  token?: string
  /** Instead of the right proof; `null` sends none. */
  proof?: string | null
  headers?: Readonly<Record<string, string>>
}>

export type NodeClientOptions = Readonly<{
  /** The `publicUrl` of the service. */
  service: string
  /** The origin of the API. */
  api: string
  /** Mints a session token, asked for before every call, for a device key if the application names it in the token. */
  session: (jkt: string) => Promise<string>
  /** The headers by which the API knows who is signed in. */
  login: Readonly<Record<string, string>>
  /** The device key with its private half. Default: a new one. */
  device?: JWK
  /** Whole seconds since the epoch. */
  now: () => number
}>

/** Makes a client with a device key of its own. */
export async function createNodeClient({ service, api, session, login, device, now }: NodeClientOptions): Promise<NodeClient> {
  const made = await generateKeyPair('ES256')
  const privateKey = device === undefined ? made.privateKey : await importJWK(device, 'ES256')
  const { kty, crv, x, y } = device ?? (await exportJWK(made.publicKey))
  const jwk = { kty, crv, x, y } as { kty: string; crv: string; x: string; y: string }
  const jkt = await calculateJwkThumbprint(jwk)
  let nonce: string | undefined

  const proof: NodeClient['proof'] = (method, url, token, claims = {}) => {
    const payload: JWTPayload = {
      htm: method,
      htu: url.split(/[?#]/)[0],
      iat: now(),
      jti: randomUUID(),
      ath: createHash('sha256').update(token).digest('base64url'),
      ...claims,
    }
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey)
  }

  return {
    jkt,
    session: () => session(jkt),
    proof,
    async service(method, path, body, { headers = {}, raw } = {}) {
      const url = service + path
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      const attempt = async (): Promise<Response> => {
        const token = await session(jkt)
        const response = await fetch(url, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            dpop: await proof(method, url, token, nonce === undefined ? {} : { nonce }),
            ...(content === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(content === undefined ? {} : { body: content }),
        })
        nonce = response.headers.get('dpop-nonce') ?? nonce
        return response
      }
      const first = await attempt()
      if (!/error="use_dpop_nonce"/.test(first.headers.get('www-authenticate') ?? '')) return answerOf(first)
      await first.body?.cancel()
      return answerOf(await attempt())
    },
    async api(method, path, { token, proof: other, headers = {} } = {}) {
      const sent = other === undefined && token !== undefined ? await proof(method, api + path, token) : other
      return answerOf(
        await fetch(api + path, {
          method,
          headers: {
            ...login,
            ...(token === undefined ? {} : { authorization: `DPoP ${token}` }),
            ...(sent === undefined || sent === null ? {} : { dpop: sent }),
            ...headers,
          },
        }),
      )
    },
  }
}

/** Reads an answer to its end. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  let body: Readonly<Record<string, unknown>> = {}
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) body = parsed as typeof body
  } catch {
    // the text says what there was
  }
  return { status: response.status, headers: response.headers, body, text }
}
