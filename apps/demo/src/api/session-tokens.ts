import { createSessionIssuer, type SessionIssuer } from '@stile/guard'
import { env } from '../shared/env.ts'
import { keyFile } from '../shared/key-file.ts'
import type { DemoSession, Login } from './sessions.ts'

/** Mints the session tokens that tell the verification service who is signed in, one issuer for each way to sign in. */
export type SessionTokens = Readonly<{
  mint: (session: DemoSession, jkt: string) => Promise<string>
  jwks: (issuer: Login['issuer']) => object
}>

/** Makes both issuers, each with a key of its own. */
export async function createSessionTokens(): Promise<SessionTokens> {
  const issuers: Readonly<Record<Login['issuer'], SessionIssuer>> = {
    demo: await issuerOf(env.api, 'session-key.json'),
    sso: await issuerOf(`${env.api}/sso`, 'sso-session-key.json'),
  }
  return {
    jwks: (issuer) => issuers[issuer].jwks,
    mint: ({ sid, user: { sub, account, name, email }, logins, login: { issuer, amr, acr } }, jkt) => {
      const at = logins.get(jkt)
      const login = at === undefined ? undefined : { at, jkt, amr, ...(acr !== undefined && { acr }) }
      return issuers[issuer].mint({ sub, account, name, email, emailVerified: true, sid, jkt, ...(login && { login }) })
    },
  }
}

async function issuerOf(issuer: string, keyName: string): Promise<SessionIssuer> {
  return createSessionIssuer({ issuer, audience: env.service, privateKey: await keyFile(keyName) })
}
