import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Request } from 'express'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Identity } from '../requests/identity.ts'
import { ada, type Feature, license, mfa, openWire, optionsFor, prove, type Wire } from '../wire.test-support.ts'
import { createGuard, type ExpressGuard, stileOf } from './index.ts'

let wire: Wire
let guard: ExpressGuard<Feature>
let server: Server
let logged: string[]
let origin: string
let identify: (request: Request) => Identity | null | Promise<Identity | null>

beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  identify = () => ada
  logged = []
  const app = express()
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const log = (_level: string, message: string, fields?: Readonly<Record<string, unknown>>): void =>
    void logged.push(`${message} ${String(fields?.cause ?? '')}`)
  guard = createGuard({ ...optionsFor(wire, { log }), origin, identify: (request) => identify(request) })
  await guard.ready()
  const inner = express.Router()
  inner.get('/export', guard.require('reports.export'), async (request, response) => {
    response.json({
      stile: stileOf(request),
      can: await guard.can(request, 'payouts.approve'),
      view: await guard.can(request, 'reports.view'),
    })
  })
  app.use('/api/v1', inner)
  app.get('/cors', (_request, response, next) => {
    response.setHeader('Access-Control-Expose-Headers', 'X-Total, retry-after')
    next()
  })
  app.get('/cors', guard.require('reports.export'))
  app.get('/cached', guard.require('reports.view'), (_request, response) => {
    response.set('Cache-Control', 'private, max-age=60').send('premium')
  })
  app.use('/tick', (_request, response, next) => {
    response.locals.tick = 'same tick'
    queueMicrotask(() => {
      response.locals.tick = 'later'
    })
    next()
  })
  app.get('/tick/view', guard.require('reports.view'), (_request, response) => void response.send(response.locals.tick))
  app.get('/tick/export', guard.require('reports.export'), (_request, response) => void response.send(response.locals.tick))
  app.get('/broken', guard.require('reports.view'), () => {
    throw new Error('of the handler')
  })
  app.get('/twice', guard.require('reports.export'), guard.require('reports.export'), async (request, response) => {
    const asked = await Promise.all(['reports.export', 'reports.export', 'reports.view'].map((each) => guard.can(request, each as Feature)))
    response.json(asked)
  })
  app.get('/derived', async (request, response) => {
    const derived = Object.create(request) as Request
    response.json([await guard.can(request, 'reports.export'), await guard.can(derived, 'reports.export')])
  })
  const seal = (request: Request, _response: express.Response, next: express.NextFunction): void => {
    // Node itself must be able to count its listeners
    Object.preventExtensions(request.on('close', () => undefined))
    next()
  }
  app.get('/sealed', seal, guard.require('reports.export'), guard.require('reports.view'), async (request, response) => {
    response.json({ stile: stileOf(request), can: await guard.can(request, 'reports.export') })
  })
  app.use((_error: unknown, _request: Request, response: express.Response, _next: express.NextFunction) => {
    response.set('X-Handled', 'by the application').status(500).end()
  })
  app.get('/view', guard.require('reports.view'), (_request, response) => {
    response.send('premium')
  })
})

afterEach(async () => {
  await guard.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await wire.close()
})

const PATH = '/api/v1/export'

test('a mounted route is permitted with a proof for the URL that was sent, and finds decision and claims on the request', async () => {
  const token = await wire.token([mfa])
  const headers = { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, origin + PATH) }
  const response = await fetch(`${origin}${PATH}?year=2026`, { headers })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    stile: { decision: { feature: 'reports.export', outcome: 'permit' }, claims: { sub: 'demo|ada' } },
    can: false,
    view: true,
  })
})

test('a challenge is a problem that no cache keeps and scripts of other origins may read', async () => {
  const response = await fetch(origin + PATH)
  expect(response.status).toBe(401)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('www-authenticate')).toContain('insufficient_user_authentication')
  expect(response.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, Date')
  expect(await response.json()).toMatchObject({ type: 'urn:stile:problem:insufficient_user_authentication', feature: 'reports.export' })
})

test('threat: a cache keeps what was permitted to one caller. No answer may be kept unless its handler says so', async () => {
  expect((await fetch(`${origin}/view`)).headers.get('cache-control')).toBe('no-store')
  expect((await fetch(`${origin}/cached`)).headers.get('cache-control')).toBe('private, max-age=60')
})

test('what the application exposes is added to and never taken away', async () => {
  const response = await fetch(`${origin}/cors`)
  expect(response.headers.get('access-control-expose-headers')).toBe(
    'X-Total, retry-after, WWW-Authenticate, DPoP-Nonce, X-Request-ID, Date',
  )
})

test('nobody signed in is a bare 401', async () => {
  identify = () => null
  const response = await fetch(origin + PATH)
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'DPoP algs="ES256"'])
  expect(await response.text()).not.toMatch(/export|mfa/)
})

test('threat: identify fails and the route opens. It is refused and tells nothing', async () => {
  const failing = [
    () => {
      throw new Error('database password')
    },
    async () => {
      throw new Error('database password')
    },
    () => ({ issuer: 'demo' }) as Identity,
    () => 'ada' as unknown as Identity,
  ]
  for (const each of failing) {
    identify = each
    const response = await fetch(`${origin}/view`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/premium|database/)
  }
})

test('threat: a forged Host makes a proof for another site good', async () => {
  const token = await wire.token([mfa])
  const proof = await prove(wire.clock, token, `http://evil.example.com${PATH}`)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { Host: 'evil.example.com', 'X-Forwarded-Host': 'evil.example.com', Authorization: `DPoP ${token}`, DPoP: proof }
    httpRequest(origin + PATH, { headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(401)
})

test('threat: a second Authorization header that only one of two readers sees', async () => {
  const token = await wire.token([mfa])
  const proof = await prove(wire.clock, token, origin + PATH)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = ['Authorization', `DPoP ${token}`, 'Authorization', 'DPoP other', 'DPoP', proof]
    httpRequest(origin + PATH, { headers: [...headers, 'Host', 'x'] }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(401)
})

/** Answers with the identity promised or not, and tells whether the handler ran in the tick that the request came in. */
const inOneTick = async (path: string, headers: Record<string, string> = {}): Promise<readonly [number, string]> => {
  const response = await fetch(origin + path, { headers })
  return [response.status, await response.text()]
}

test('a request goes on in the same tick if nothing must be waited for, and later only if identify is', async () => {
  await fetch(`${origin}/view`)
  expect(await inOneTick('/tick/view')).toEqual([200, 'same tick'])
  const token = await wire.token([mfa])
  const path = '/tick/export'
  expect(
    await inOneTick(path, { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, origin + path) }),
    'a token that is new, and its proof',
  ).toEqual([200, 'same tick'])
  identify = async () => ada
  expect(await inOneTick('/tick/view')).toEqual([200, 'later'])
})

test('an error of the handler is its own, and not one of the guard', async () => {
  await fetch(`${origin}/view`)
  const response = await fetch(`${origin}/broken`)
  expect([response.status, response.headers.get('x-handled')]).toEqual([500, 'by the application'])
})

test('two guards of the same request each let it pass once, asked one after the other or at the same time', async () => {
  const token = await wire.token([mfa])
  const ask = async (path: string): Promise<readonly [number, string]> =>
    inOneTick(path, { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, origin + path) })
  expect(await ask('/twice')).toEqual([200, '[true,true,true]'])
})

test('threat: middleware hands on an object that was made of a request, and its proof counts a second time', async () => {
  const token = await wire.token([mfa])
  const headers = { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, `${origin}/derived`) }
  expect(await inOneTick('/derived', headers)).toEqual([200, '[true,false]'])
})

test.each(['at once', 'with a promise'])(
  'a request that takes no more properties is guarded like any other, identified %s',
  async (how) => {
    if (how === 'with a promise') identify = async () => ada
    const token = await wire.token([mfa])
    const headers = { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, `${origin}/sealed`) }
    const [status, body] = await inOneTick('/sealed', headers)
    expect(logged).toEqual([])
    expect([status, JSON.parse(body)]).toMatchObject([200, { stile: { decision: { feature: 'reports.view' } }, can: true }])
  },
)

test.each(['at once', 'with a promise'])(
  'a request that cannot be read is refused, and `identify`, which answered %s, is not blamed',
  async (how) => {
    if (how === 'with a promise') identify = async () => ada
    const request = new Proxy({} as Request, {
      get(_, name) {
        if (name === 'originalUrl') throw new Error('of the request')
        return undefined
      },
    })
    expect(await guard.can(request, 'reports.view')).toBe(false)
    expect(logged).toEqual([expect.stringMatching(/could not be checked/)])
  },
)

test('threat: an operator searches in the wrong place. A failure of `identify` is called that', async () => {
  for (const each of [() => Promise.reject(new Error('down')), () => JSON.parse('{')]) {
    identify = each
    expect((await fetch(`${origin}/view`)).status).toBe(500)
  }
  expect(logged).toEqual([expect.stringMatching(/^identify failed/), expect.stringMatching(/^identify failed/)])
})

test('the middleware has a name, for stack traces and profiles', () => {
  expect(guard.require('reports.view').name).toBe('stileRequire')
})

describe('with nonces', () => {
  const open = async (): Promise<string> => {
    await guard.close()
    const app = express()
    const other = createServer(app)
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    guard = createGuard({ ...optionsFor(wire), origin: url, identify: () => ada, nonces: true })
    await guard.ready()
    app.get('/export', guard.require('reports.export'), (_request, response) => void response.send('premium'))
    app.get('/can', async (request, response) => void response.json(await guard.can(request, 'reports.export')))
    return url
  }
  const call = async (url: string, nonce?: string): Promise<Response> => {
    const token = await wire.token([mfa])
    return fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: await prove(wire.clock, token, url, { claims: { nonce } }) } })
  }
  const nonceIn = ({ headers }: Response): string => headers.get('dpop-nonce') ?? ''
  const exposed = ({ headers }: Response): string => headers.get('access-control-expose-headers') ?? ''

  test('a proof without one is refused with one that scripts of other origins may read, and the next one passes', async () => {
    const url = `${await open()}/export`
    const first = await call(url)
    expect([first.status, first.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^DPoP error="use_dpop_nonce"/)])
    expect(exposed(first)).toContain('DPoP-Nonce')
    expect(await first.text()).not.toContain('premium')
    const second = await call(url, nonceIn(first))
    expect([second.status, nonceIn(second), exposed(second)]).toEqual([200, '', ''])
  })

  test('the answer of the handler carries the next one once that of the proof is getting old', async () => {
    const url = `${await open()}/export`
    const nonce = nonceIn(await call(url))
    wire.clock.now += 20
    const answer = await call(url, nonce)
    expect(answer.status).toBe(200)
    expect(nonceIn(answer)).toMatch(/^[\w-]{43}$/)
    expect(nonceIn(answer)).not.toBe(nonce)
    expect(exposed(answer)).toContain('DPoP-Nonce')
  })

  test('a handler that only asks whether it would pass tells the client the nonce as well', async () => {
    const url = `${await open()}/can`
    const first = await call(url)
    expect([first.status, await first.json()]).toEqual([200, false])
    expect(await (await call(url, nonceIn(first))).json()).toBe(true)
  })
})
