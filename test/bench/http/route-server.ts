import { createHash, createPublicKey, verify } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createGuard } from '@stile/guard/express'
import express, { type RequestHandler } from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { createVerifier } from 'fast-jwt'
import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, type JWK, jwtVerify } from 'jose'
import { PATH, type Setup, type Usage } from './kinds.ts'
import { policy } from './service.ts'

/** One Express route of a kind, in a process of its own. */
process.once('message', async (setup: Setup) => {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  const server = app.listen(0, '127.0.0.1', async () => {
    const { port } = server.address() as AddressInfo
    const before = await handlersOf(setup, `http://127.0.0.1:${port}`)
    if (setup.kind === 'auth0-dpop') app.set('trust proxy', true)
    app.get(PATH, ...before, (_, response) => void response.json({ ok: true, feature: 'export.pdf', data: 'premium' }))
    process.send?.({ port })
  })
  server.keepAliveTimeout = 60_000
  process.on('message', (message) => {
    if (message === 'usage') process.send?.(usage())
    else process.exit(0)
  })
})

async function handlersOf({ kind, service, audience, jwk, devices }: Setup, origin: string): Promise<readonly RequestHandler[]> {
  switch (kind) {
    case 'bare':
      return []
    case 'bare-verify': {
      const keys = new Map(Object.entries(devices).map(([user, key]) => [user, createPublicKey({ key, format: 'jwk' })]))
      return [
        (request, response, next) => {
          const proof = String(request.headers.dpop)
          const key = keys.get(String(request.headers['x-user']))
          const end = proof.lastIndexOf('.')
          const signature = Buffer.from(proof.slice(end + 1), 'base64url')
          const signed = Buffer.from(proof.slice(0, end), 'latin1')
          if (key !== undefined && verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) next()
          else response.status(401).end()
        },
      ]
    }
    case 'guard-session':
    case 'guard-fresh': {
      // a header stands for the application's own cookie
      const identify = (request: express.Request) => ({
        issuer: 'demo',
        sub: String(request.headers['x-user']),
        account: 'acme',
      })
      const guard = createGuard({ service: { url: service, key: 'bench' }, audience, origin, policy, identify })
      await guard.ready()
      return [guard.require(kind === 'guard-session' ? 'reports.view' : 'reports.export')]
    }
    case 'fast-jwt': {
      const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
      const check = createVerifier({ key, cache: 1_000, allowedIss: service, allowedAud: audience, algorithms: ['ES256'] })
      return [
        (request, response, next) => {
          try {
            response.locals.user = check(request.headers.authorization?.slice('Bearer '.length) ?? '')
          } catch {
            return void response.status(401).end()
          }
          next()
        },
      ]
    }
    case 'jose':
    case 'jose-dpop':
      return [joseRecipe({ service, audience, jwk, origin, isDpop: kind === 'jose-dpop' })]
    case 'auth0-dpop':
      return [
        auth({
          issuer: service,
          jwksUri: `${service}/.well-known/jwks.json`,
          audience,
          tokenSigningAlg: 'ES256',
          dpop: { enabled: true, required: true },
        }),
      ]
  }
}

/** What tutorials write with jose, and with DPoP the checks of RFC 9449 §4.3 and a memory of used proofs. */
function joseRecipe(options: Omit<Setup, 'kind' | 'devices'> & Readonly<{ origin: string; isDpop: boolean }>): RequestHandler {
  const { service, audience, jwk, origin, isDpop } = options
  const keys = createLocalJWKSet({ keys: [jwk as unknown as JWK] })
  const used = new Set<string>()
  const checkProof = async (request: express.Request, token: string, jkt: string): Promise<void> => {
    const proof = String(request.headers.dpop)
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: 60 })
    const made = await calculateJwkThumbprint(protectedHeader.jwk as JWK)
    const ath = createHash('sha256').update(token).digest('base64url')
    const fits = made === jkt && payload.htm === request.method && payload.htu === origin + request.path && payload.ath === ath
    if (!fits || used.has(`${made} ${payload.jti}`)) throw new Error('proof')
    used.add(`${made} ${payload.jti}`)
  }
  return async (request, response, next) => {
    try {
      const token = request.headers.authorization?.replace(/^(?:Bearer|DPoP) /, '') ?? ''
      const { payload } = await jwtVerify(token, keys, { issuer: service, audience, algorithms: ['ES256'], typ: 'at+jwt' })
      if (isDpop) await checkProof(request, token, (payload.cnf as { jkt: string }).jkt)
    } catch {
      return void response.status(401).json({ error: 'invalid_token' })
    }
    next()
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system, rssMiB: process.memoryUsage.rss() / 2 ** 20 }
}
