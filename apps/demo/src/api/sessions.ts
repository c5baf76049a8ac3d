import { randomBytes } from 'node:crypto'
import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import { env } from '../shared/env.ts'
import type { User } from '../shared/users.ts'

/** How somebody signed in, as the session token tells the service. */
export type Login = Readonly<{
  /** The id of the issuer: `demo` where the product asked for the password itself, `sso` where the identity provider did. */
  issuer: 'demo' | 'sso'
  amr: readonly string[]
  acr?: string
  /** The ID token, so that signing out here can sign out there. */
  idToken?: string
}>

/** The demo's own login, as any product has one. All times in seconds since the epoch. */
export type DemoSession = {
  readonly sid: string
  readonly user: User
  readonly login: Login
  readonly expiresAt: number
  /** When the password was last given. */
  authTime: number
}

const NAME = 'quarterly_session'
const COOKIE = { httpOnly: true, sameSite: 'lax', secure: env.api.startsWith('https:') } as const
const LIFETIME_SECONDS = 12 * 3600

const sessions = new Map<string, DemoSession>()

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** What a session starts from; without a `sid` of the identity provider it gets one of its own. */
export type SessionStart = Readonly<{ user: User; login: Login; sid?: string; authTime?: number }>

/** Starts a session and sets its cookie. The cookie's value is a secret of its own: `sid` travels in tokens. */
export function startSession(response: Response, { user, login, sid, authTime }: SessionStart): void {
  const now = nowSeconds()
  for (const [secret, { expiresAt }] of sessions) if (expiresAt <= now) sessions.delete(secret)
  const secret = randomBytes(32).toString('base64url')
  sessions.set(secret, {
    sid: sid ?? randomBytes(16).toString('base64url'),
    user,
    login,
    expiresAt: now + LIFETIME_SECONDS,
    authTime: authTime ?? now,
  })
  response.cookie(NAME, secret, { ...COOKIE, maxAge: LIFETIME_SECONDS * 1000 })
}

/** The session of a request, or `undefined`. */
export function sessionOf(request: Request): DemoSession | undefined {
  const session = sessions.get(parseCookie(request.headers.cookie ?? '')[NAME] ?? '')
  return session && session.expiresAt > nowSeconds() ? session : undefined
}

/** Notes that the password was given again. */
export function confirm(session: DemoSession): void {
  session.authTime = nowSeconds()
}

/** Makes the sign-in look older than it is, so that what asks for a fresh one can be watched without waiting. */
export function age(session: DemoSession, seconds: number): void {
  session.authTime -= seconds
}

/** Ends a session and takes its cookie back. */
export function endSession(request: Request, response: Response): void {
  sessions.delete(parseCookie(request.headers.cookie ?? '')[NAME] ?? '')
  response.clearCookie(NAME, COOKIE)
}
