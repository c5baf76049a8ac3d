import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createGuard } from './guard.ts'
import { ada, brief, get, license, mfa, openWire, optionsFor, until, withToken } from './wire.test-support.ts'

type Line = Readonly<{ level: string; message: string; fields: Readonly<Record<string, unknown>> }>

async function listen(answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(() => void close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stile`, close }
}

/** A guard of the service at a URL, or of the wire with another audience, and what it has logged. */
async function start(more: Readonly<{ url?: string; audience?: string }>) {
  const wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  const lines: Line[] = []
  const { url = wire.url, audience } = more
  const guard = createGuard(
    optionsFor(wire, {
      service: { url, key: 'stile_g_test' },
      ...(audience !== undefined && { audience }),
      log: (level, message, fields = {}) => lines.push({ level, message, fields }),
    }),
  )
  onTestFinished(async () => {
    await guard.close()
    await wire.close()
  })
  const causes = () => lines.map(({ fields }) => String(fields.cause))
  return { wire, guard, lines, causes }
}

test('a token for another audience is told with both names, and the log hears of it once', async () => {
  const { wire, guard, lines } = await start({ audience: 'https://other.example' })
  await guard.ready()
  const ask = async () => guard.authorize(await withToken(wire.clock, await wire.token([mfa])), 'reports.export', ada)
  const result = await ask()
  expect(brief(result)).toBe('401 invalid_token')
  const detail = String(result.ok || result.problem.detail)
  expect(detail).toContain('Expected: "https://other.example"; received: "https://api.example.com".')
  expect(detail).toContain('createGuard')
  expect(detail).not.toContain('Get a new one')
  await ask()
  const told = lines.filter(({ fields }) => fields.expected !== undefined)
  expect(told).toMatchObject([{ level: 'warn', fields: { expected: '"https://other.example"', received: '"https://api.example.com"' } }])
})

test.each([
  ['404', 404, ''],
  ['a page', 200, 'text/html'],
])(
  'a dev server that answers %s in place of the service is told with its URL and what came, once in half a minute',
  async (_, status, type) => {
    let feeds = 0
    const { url } = await listen((request, response) => {
      if (request.url === '/stile/v1/feed') feeds += 1
      if (type !== '') response.setHeader('content-type', type)
      response.writeHead(status).end('<html>')
    })
    const { guard, causes } = await start({ url })
    await guard.authorize(get('/reports'), 'reports.view', ada)
    await until(() => feeds >= 8, 'some tries')
    const place = `${url}/v1/feed answered ${status}${type && ` with ${type}`}, so there is no feed.`
    const feed = `${place} Does what answers there (a dev server, a proxy) pass /stile on to the service?`
    // one of level info while the service may still be starting, and one warning
    expect(causes().filter((cause) => cause.startsWith(`${url}/v1/feed`))).toEqual([feed, feed])
    expect(causes().some((cause) => cause.startsWith(`${url} answered ${status}`))).toBe(true)
    expect(causes().join()).not.toContain('ada')
  },
)

test('a service that does not listen is told with its URL and the code of the network, once in half a minute', async () => {
  const { url, close } = await listen(() => undefined)
  await close()
  const { guard, causes } = await start({ url })
  for (let index = 0; index < 3; index++) await guard.authorize(get('/reports'), 'reports.view', { ...ada, account: `acme-${index}` })
  expect(causes().filter((cause) => cause === `${url} did not answer (ECONNREFUSED).`)).toHaveLength(1)
  await until(() => causes().includes(`${url}/v1/feed did not answer (ECONNREFUSED).`), 'the feed')
})

test.each([
  ['its scope', 403, 'This needs a key of scope guard; the one presented has licenses:read.', true],
  ['the key itself', 401, 'The API key stile_g_test is unknown.', false],
  ['a long text', 403, 'x'.repeat(400), false],
])(
  'a key that is refused is told in one line, with what the service says of it, unless that may hold the key: %s',
  async (_, status, detail, isShown) => {
    let asked = 0
    const { url } = await listen((_, response) => {
      asked += 1
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ detail }))
    })
    const { guard, lines } = await start({ url })
    await guard.authorize(get('/reports'), 'reports.view', ada)
    await until(() => asked >= 4, 'some tries')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level: 'error', fields: { httpStatus: status } })
    expect(lines[0]?.fields.detail).toBe(isShown ? detail : undefined)
  },
)
