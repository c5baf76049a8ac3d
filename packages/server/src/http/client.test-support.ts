import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { signJwt } from '../domain.test-support.ts'
import { readEvents, type TestEvents } from './event-reader.test-support.ts'

/** What a client needs to know. */
export type TestClientOptions = Readonly<{
  /** Where the service listens. */
  url: string
  /** What the service calls itself, for `htu`. Default: `url`. */
  publicUrl?: string
  /** The session token to send, asked for before every request for the device key of this client. */
  session: (jkt: string) => string
  /** Whole seconds since the epoch. */
  now?: () => number
  /** The origin that a browser would send. */
  origin?: string
}>

/** What came back: `body` is the JSON, or the text if it is none. */
export type TestAnswer = Readonly<{ status: number; headers: Headers; body: Readonly<Record<string, unknown>>; text: string }>

/** What a request may have beside method and path. */
export type TestRequest = Readonly<{ body?: unknown; headers?: Readonly<Record<string, string>>; raw?: BodyInit }>

export type TestClient = ReturnType<typeof createTestClient>

/**
 * A client of the service as a browser would be: a device key, a proof for every request, and one more try if the server asks for
 * another nonce.
 */
export function createTestClient({ url, publicUrl = url, session, now = wallClock, origin }: TestClientOptions) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const { crv, kty, x, y } = jwk
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  let nonce: string | undefined

  /** Signs a proof; claims given replace the right ones. */
  function proof(method: string, path: string, token: string, claims: Readonly<Record<string, unknown>> = {}): string {
    const payload = {
      jti: randomBytes(16).toString('base64url'),
      htm: method,
      htu: publicUrl + path.split('?')[0],
      iat: now(),
      ...(nonce === undefined ? {} : { nonce }),
      ath: createHash('sha256').update(token).digest('base64url'),
      ...claims,
    }
    return signJwt({ typ: 'dpop+jwt', alg: 'ES256', jwk: { crv, kty, x, y } }, payload, privateKey)
  }

  async function send(method: string, path: string, { body, headers = {}, raw }: TestRequest, signal?: AbortSignal): Promise<Response> {
    const attempt = async (): Promise<Response> => {
      const token = session(jkt)
      const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          dpop: proof(method, path, token),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
          ...(origin === undefined ? {} : { origin }),
          ...headers,
        },
        ...(content === undefined ? {} : { body: content }),
        ...(signal === undefined ? {} : { signal }),
      })
      nonce = answer.headers.get('dpop-nonce') ?? nonce
      return answer
    }
    const first = await attempt()
    return /error="use_dpop_nonce"/.test(first.headers.get('www-authenticate') ?? '') ? await attempt() : first
  }

  return {
    jkt,
    proof,
    nonce: () => nonce,
    request: async (method: string, path: string, init: TestRequest = {}): Promise<TestAnswer> => answerOf(await send(method, path, init)),
    /** Opens an event stream, which can be given up before it is open too. */
    async events(
      path = '/v1/events',
      headers: Readonly<Record<string, string>> = {},
      abort: AbortController = new AbortController(),
    ): Promise<TestEvents> {
      return readEvents(await send('GET', path, { headers }, abort.signal), abort)
    },
  }
}

/** Reads an answer to its end. */
export async function answerOf(response: Response): Promise<TestAnswer> {
  const text = await response.text()
  let body: Readonly<Record<string, unknown>> = {}
  try {
    body = JSON.parse(text)
  } catch {
    // the text says what there was
  }
  return { status: response.status, headers: response.headers, body, text }
}

/** The code of an authenticator app (RFC 6238, SHA-1, 6 digits, 30 seconds), made without the code under test. */
export function totpCode(secret: string, time: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/=+$/, '')].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function wallClock(): number {
  return Math.floor(Date.now() / 1000)
}
