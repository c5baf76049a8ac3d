import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { USER_HEADER } from '../support/api.ts'
import { enrollTotp, tokenOf } from '../support/ceremonies.ts'
import type { NodeClient } from '../support/node-client.ts'
import { type Stack, startStack } from '../support/stack.ts'

type Seen = Readonly<{ status: number; header: (name: string) => string | null; text: string }>
type Send = (url: string, headers: Readonly<Record<string, string>>) => Promise<Seen>

const byFetch: Send = async (url, headers) => {
  const response = await fetch(url, { headers })
  return { status: response.status, header: (name) => response.headers.get(name), text: await response.text() }
}

const byCurl: Send = async (url, headers) => {
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-i', ...given, url])
  const [head = '', ...rest] = stdout.split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  const found = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  return { status: Number(status.split(' ')[1]), header: (name) => found.get(name) ?? null, text: rest.join('\r\n\r\n') }
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

let stack: Stack
let weak: NodeClient
let strong: NodeClient
beforeAll(async () => {
  stack = await startStack()
  await stack.license('acme', { tier: 'pro', state: 'active' })
  weak = await stack.person({ sub: 'weak', account: 'acme' })
  strong = await stack.person({ sub: 'strong', account: 'acme' })
  await enrollTotp(strong, stack.clock.now())
})
afterAll(() => stack.close())

describe.each([
  { by: 'fetch', send: byFetch, able: true },
  { by: 'curl', send: byCurl, able: hasCurl },
])('asked by $by', ({ send, able }) => {
  beforeEach(({ skip }) => skip(!able, 'curl is not installed on this machine'))

  const user = (sub: string) => ({ [USER_HEADER]: JSON.stringify({ sub, account: 'acme', sid: `sid-${sub}` }) })
  const url = () => `${stack.urls.api}/export`
  const credentials = async (person: NodeClient) => {
    const token = await tokenOf(person)
    return { authorization: `DPoP ${token}`, dpop: await person.proof('GET', url(), token) }
  }

  /** What RFC 9470 §3 and RFC 9457 want of a challenge. */
  const expectChallenge = (seen: Seen) => {
    expect(seen.status).toBe(401)
    expect(seen.header('www-authenticate')).toMatch(
      /^DPoP error="insufficient_user_authentication", error_description="[^"\\]+", acr_values="urn:stile:acr:mfa phr phrh", max_age="900", algs="ES256"$/,
    )
    expect(seen.header('content-type')).toBe('application/problem+json')
    expect(seen.header('cache-control')).toBe('no-store')
    expect(seen.header('access-control-expose-headers')).toContain('WWW-Authenticate')
    const body = JSON.parse(seen.text)
    expect(body).toMatchObject({
      type: 'urn:stile:problem:insufficient_user_authentication',
      status: 401,
      code: 'insufficient_user_authentication',
      feature: 'reports.export',
      requirement: { level: 'mfa', maxAgeSeconds: 900 },
      next: { methods: expect.arrayContaining(['totp', 'passkey']) },
    })
    expect(body.reasons.length).toBeGreaterThan(0)
  }

  test('who comes without a token is told how strong and how fresh a proof must be', async () => {
    const before = stack.api.served.length
    expectChallenge(await send(url(), user('strong')))
    expect(stack.api.served).toHaveLength(before)
  })

  test('who is only signed in is told the same, however genuine the token', async () => {
    const before = stack.api.served.length
    expectChallenge(await send(url(), { ...user('weak'), ...(await credentials(weak)) }))
    expect(stack.api.served).toHaveLength(before)
  })

  test('who has proven enough gets the content', async () => {
    const seen = await send(url(), { ...user('strong'), ...(await credentials(strong)) })
    expect(seen.status).toBe(200)
    expect(JSON.parse(seen.text)).toEqual({ content: 'the lines' })
    expect(seen.header('www-authenticate')).toBeNull()
  })

  test('a stranger learns nothing about features, levels or tiers, even with a token in hand', async () => {
    const before = stack.api.served.length
    for (const stolen of [{}, await credentials(strong)]) {
      const seen = await send(url(), stolen)
      expect(seen.status).toBe(401)
      expect(seen.header('www-authenticate')).toBe('DPoP algs="ES256"')
      expect(seen.header('cache-control')).toBe('no-store')
      const { code, ...rest } = JSON.parse(seen.text)
      expect(code).toBe('unauthenticated')
      expect(JSON.stringify(rest)).not.toMatch(/reports|mfa|phr|acr|level|tier|pro\b|requirement|reasons/)
    }
    expect(stack.api.served).toHaveLength(before)
  })
})
