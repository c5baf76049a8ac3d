import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server'
import express, { type Request } from 'express'
import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'
import { serve } from './child.ts'
import { API, FEATURE, ISSUER, ORIGIN, RP_ID, SESSION_AUDIENCE } from './people.ts'

/**
 * The step-up as tutorials build it: Express with its JSON parser, jose for the session, the device proofs and the token, SimpleWebAuthn
 * for the assertion, and a durable commit for every write. It has no policy, no license, no risk, no limits and no nonces.
 *
 * `RECIPE_DPOP=off` leaves the device proofs out too: then a stolen session token is enough.
 */
serve(async ({ directory, port, issuerJwk, people }) => {
  const database = new DatabaseSync(join(directory, 'recipe.db'))
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE passkeys (id TEXT PRIMARY KEY, sub TEXT NOT NULL, public_key TEXT NOT NULL, counter INTEGER NOT NULL, used_at INTEGER);
    CREATE INDEX passkeys_sub ON passkeys (sub);
    CREATE TABLE challenges (id TEXT PRIMARY KEY, sub TEXT NOT NULL, challenge TEXT NOT NULL, expires_at INTEGER NOT NULL);
    CREATE TABLE used_proofs (jti TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
    CREATE TABLE proofs (sub TEXT NOT NULL, sid TEXT NOT NULL, level TEXT NOT NULL, auth_time INTEGER NOT NULL, PRIMARY KEY (sub, sid, level));`)
  const addPasskey = database.prepare('INSERT INTO passkeys (id, sub, public_key, counter) VALUES (?, ?, ?, 0)')
  for (const { sub, credentialId, publicKey } of people) addPasskey.run(credentialId, sub, publicKey)
  const passkeysOf = database.prepare('SELECT id FROM passkeys WHERE sub = ?')
  const findPasskey = database.prepare('SELECT id, public_key, counter FROM passkeys WHERE id = ? AND sub = ?')
  const putChallenge = database.prepare('INSERT INTO challenges (id, sub, challenge, expires_at) VALUES (?, ?, ?, ?)')
  const takeChallenge = database.prepare('DELETE FROM challenges WHERE id = ? AND sub = ? RETURNING challenge')
  const setCounter = database.prepare('UPDATE passkeys SET counter = ?, used_at = ? WHERE id = ?')
  const putProof = database.prepare(
    'INSERT INTO proofs (sub, sid, level, auth_time) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET auth_time = excluded.auth_time',
  )
  const useProof = database.prepare('INSERT OR IGNORE INTO used_proofs (jti, expires_at) VALUES (?, ?)')
  const keys = createLocalJWKSet({ keys: [issuerJwk as never] })
  const { privateKey } = await generateKeyPair('ES256')

  const app = express()
  app.use(express.json())
  app.use(async (request, response, next) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: SESSION_AUDIENCE, algorithms: ['ES256'] })
    response.locals.user = payload
    next()
  })
  // RFC 9449 §4.3 with what jose has for it
  const checkProof = async (request: Request): Promise<boolean> => {
    const proof = String(request.headers.dpop)
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: 60 })
    const jkt = await calculateJwkThumbprint(protectedHeader.jwk as JWK)
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const ath = createHash('sha256').update(token).digest('base64url')
    const now = Math.floor(Date.now() / 1000)
    const fits =
      payload.htm === request.method &&
      payload.htu === `http://127.0.0.1:${port}${request.path}` &&
      payload.ath === ath &&
      jkt.length === 43
    return fits && useProof.run(`${jkt} ${payload.jti}`, now + 120).changes === 1
  }
  if (process.env.RECIPE_DPOP !== 'off')
    app.use(async (request, response, next) => {
      if (await checkProof(request)) next()
      else response.status(401).json({ error: 'proof' })
    })
  app.get('/v1/state', (_, response) => void response.json({ user: response.locals.user }))
  app.post('/v1/step-ups', async (_, response) => {
    const { sub } = response.locals.user
    const options = await generateAuthenticationOptions({
      rpID: RP_ID,
      userVerification: 'required',
      allowCredentials: passkeysOf.all(sub).map(({ id }) => ({ id: id as string })),
    })
    const id = randomUUID()
    putChallenge.run(id, sub, options.challenge, Math.floor(Date.now() / 1000) + 300)
    response.status(201).json({ id, methods: [{ method: 'passkey', start: options }] })
  })
  app.post('/v1/step-ups/:id/attempts', async (request, response) => {
    const { sub, sid } = response.locals.user
    const taken = takeChallenge.get(request.params.id, sub)
    const answer = request.body.response
    const passkey = findPasskey.get(answer.id, sub)
    if (!taken || !passkey) return void response.status(422).json({ error: 'failed' })
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: taken.challenge as string,
      expectedOrigin: ORIGIN,
      expectedRPID: RP_ID,
      requireUserVerification: true,
      credential: {
        id: passkey.id as string,
        publicKey: new Uint8Array(Buffer.from(passkey.public_key as string, 'base64url')),
        counter: passkey.counter as number,
      },
    })
    if (!verified) return void response.status(422).json({ error: 'failed' })
    const now = Math.floor(Date.now() / 1000)
    setCounter.run(authenticationInfo.newCounter, now, passkey.id as string)
    putProof.run(sub, sid, 'phr', now)
    const token = await new SignJWT({ sid, acr: 'phr', auth_time: now, feature: FEATURE })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuer('recipe')
      .setAudience(API)
      .setSubject(sub)
      .setIssuedAt(now)
      .setExpirationTime(now + 300)
      .setJti(randomUUID())
      .sign(privateKey)
    response.json({ status: 'done', issued: { token } })
  })
  return app
})
