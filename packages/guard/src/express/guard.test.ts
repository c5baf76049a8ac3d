import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Request } from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Identity } from '../requests/identity.ts'
import { ada, type Feature, license, mfa, openWire, optionsFor, prove, type Wire } from '../wire.test-support.ts'
import { createGuard, type ExpressGuard, stileOf } from './index.ts'

let wire: Wire
let guard: ExpressGuard<Feature>
let server: Server
let origin: string
let identify: (request: Request) => Identity | null | Promise<Identity | null>

beforeEach(async () => {
  wire = await openWire()
  wire.licenses.set('acme', license('enterprise', 1))
  identify = () => ada
  const app = express()
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  guard = createGuard({ ...optionsFor(wire), origin, identify: (request) => identify(request) })
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
  expect(response.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID')
  expect(await response.json()).toMatchObject({ type: 'urn:stile:problem:insufficient_user_authentication', feature: 'reports.export' })
})

test('threat: a cache keeps what was permitted to one caller. No answer may be kept unless its handler says so', async () => {
  expect((await fetch(`${origin}/view`)).headers.get('cache-control')).toBe('no-store')
  expect((await fetch(`${origin}/cached`)).headers.get('cache-control')).toBe('private, max-age=60')
})

test('what the application exposes is added to and never taken away', async () => {
  const response = await fetch(`${origin}/cors`)
  expect(response.headers.get('access-control-expose-headers')).toBe('X-Total, retry-after, WWW-Authenticate, DPoP-Nonce, X-Request-ID')
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

test('the middleware has a name, for stack traces and profiles', () => {
  expect(guard.require('reports.view').name).toBe('stileRequire')
})
