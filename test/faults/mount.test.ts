import express, { type ErrorRequestHandler, type Express, type Router } from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enrollTotp, stepUpWithTotp } from '../support/ceremonies.ts'
import { mounted } from '../support/mounted.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { codeAt } from '../support/totp.ts'

/** An application of somebody else, with a body parser, routes, a 404 and error handling of its own. */
function foreignApp(router: Router, place: 'before' | 'after'): Express {
  const app = express()
  app.disable('x-powered-by')
  if (place === 'before') app.use('/stile', router)
  app.use(express.json())
  if (place === 'after') app.use('/stile', router)
  app.post('/own', (request, response) => void response.json({ got: request.body }))
  app.get('/v1/state', (_, response) => void response.send('the host has a /v1/state of its own'))
  app.use((_, response) => void response.status(404).send('not found, says the host'))
  const broken: ErrorRequestHandler = (_error, _request, response, _next) => void response.status(400).send('broken, says the host')
  app.use(broken)
  return app
}

describe.each(['before', 'after'] as const)('mounted at /stile %s the body parser of its host', (place) => {
  let stack: Stack
  let host: string
  beforeAll(async () => {
    stack = await startStack({ path: '/stile', run: mounted({ arrange: (router) => foreignApp(router, place) }) })
    host = new URL(stack.urls.service).origin
  })
  afterAll(() => stack.close())

  test('a user enrols, steps up and opens a premium feature', async () => {
    await stack.license('acme', { tier: 'pro', state: 'active' })
    const alice = await stack.person({ sub: 'alice', account: 'acme' })
    const secret = await enrollTotp(alice, stack.clock.now())
    stack.clock.advance(16 * 60)
    await stack.heard()
    const token = await stepUpWithTotp(alice, 'reports.export', codeAt(secret, stack.clock.now()))
    expect((await alice.api('GET', '/export', { token })).status).toBe(200)
  })

  test('every URL that it speaks of is below its path', async () => {
    const metadata = (await (await fetch(`${stack.urls.service}/.well-known/stile`)).json()) as Record<string, unknown>
    expect(metadata).toMatchObject({ issuer: stack.urls.service, jwks_uri: `${stack.urls.service}/.well-known/jwks.json` })
    expect((await fetch(String(metadata.jwks_uri))).status).toBe(200)
  })

  test('the host keeps its parser, its routes, its 404 and its errors', async () => {
    const json = { 'content-type': 'application/json' }
    const own = await fetch(`${host}/own`, { method: 'POST', headers: json, body: '{"a":1}' })
    expect(await own.json()).toEqual({ got: { a: 1 } })
    expect([...own.headers.keys()].filter((name) => /dpop|x-request-id|access-control|content-security/.test(name))).toEqual([])
    expect(await (await fetch(`${host}/v1/state`)).text()).toBe('the host has a /v1/state of its own')
    const missing = await fetch(`${host}/missing`)
    expect([missing.status, await missing.text()]).toEqual([404, 'not found, says the host'])
    const broken = await fetch(`${host}/own`, { method: 'POST', headers: json, body: '{' })
    expect([broken.status, await broken.text()]).toEqual([400, 'broken, says the host'])
  })

  test('what is not there below its path is a problem of its own', async () => {
    const missing = await fetch(`${stack.urls.service}/v1/nothing`)
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ code: 'not_found' })
  })

  test('a proof that was made for the host and not for the path opens nothing', async () => {
    const alice = await stack.person({ sub: 'alice', account: 'acme' })
    const session = await alice.session()
    const { headers } = await alice.service('GET', '/v1/state')
    const nonce = headers.get('dpop-nonce')
    const proof = await alice.proof('GET', `${host}/v1/state`, session, { nonce })
    const answer = await fetch(`${stack.urls.service}/v1/state`, { headers: { authorization: `Bearer ${session}`, dpop: proof } })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ code: 'invalid_dpop_proof' })
  })
})
