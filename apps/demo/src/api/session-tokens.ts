import { createPrivateKey, type JsonWebKey, randomUUID, sign } from 'node:crypto'
import { createSessionIssuer } from '@stile/guard'
import { env } from '../shared/env.ts'
import { keyFile } from '../shared/key-file.ts'
import type { DemoSession } from './sessions.ts'

/** Mints the session tokens that tell the verification service who is signed in. */
export type SessionTokens = Readonly<{ mint: (session: DemoSession) => string; jwks: ReturnType<typeof createSessionIssuer>['jwks'] }>

const TTL_SECONDS = 300

/**
 * Session tokens of one issuer, with a key of its own.
 *
 * Besides what `createSessionIssuer` of the guard writes they say that the address was verified, which lets the service send codes there.
 */
export async function createSessionTokens(issuer: string, keyName: string): Promise<SessionTokens> {
  const jwk = await keyFile(keyName)
  const { jwks } = createSessionIssuer({ issuer, audience: env.service, privateKey: jwk })
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const header = encode({ alg: 'ES256', typ: 'JWT', kid: jwks.keys[0]?.kid })
  return {
    jwks,
    mint({ sid, user, authTime, login }) {
      const iat = Math.floor(Date.now() / 1000)
      const payload = {
        iss: issuer,
        aud: env.service,
        iat,
        exp: iat + TTL_SECONDS,
        jti: randomUUID(),
        sub: user.sub,
        account: user.account,
        name: user.name,
        email: user.email,
        email_verified: true,
        sid,
        auth_time: authTime,
        amr: login.amr,
        ...(login.acr !== undefined && { acr: login.acr }),
      }
      const signed = `${header}.${encode(payload)}`
      return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
