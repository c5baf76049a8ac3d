import { randomBytes } from 'node:crypto'
import { isThumbprint } from '@stile/protocol'
import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import { env } from '../shared/env.ts'
import type { User } from '../shared/users.ts'

/** How somebody signed in, as the session token tells the service. */
export type Login = Readonly<{
  /** The id of the issuer: `demo` if the product asked for the password itself, `sso` if the identity provider did. */
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
  /** When the user last signed in on each device key, the newest last: a login belongs to the key that it was given to. */
  readonly logins: Map<string, number>
}

const NAME = 'quarterly_session'
const COOKIE = { httpOnly: true, sameSite: 'lax', secure: env.api.startsWith('https:') } as const
const LIFETIME_SECONDS = 12 * 3600
/** A session is one browser; a few keys are there if its storage is cleared, or if it has several of the product's origins open. */
const MOST_KEYS = 8

const sessions = new Map<string, DemoSession>()

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** What a session starts from; without a `sid` of the identity provider it gets one of its own. */
export type SessionStart = Readonly<{ user: User; login: Login; sid?: string; jkt?: string | undefined; authTime?: number }>

/** Starts a session and sets its cookie. The cookie's value is a secret of its own: `sid` travels in tokens. */
export function startSession(response: Response, { user, login, sid, jkt, authTime }: SessionStart): void {
  const now = nowSeconds()
  for (const [secret, { expiresAt }] of sessions) if (expiresAt <= now) sessions.delete(secret)
  const secret = randomBytes(32).toString('base64url')
  const session: DemoSession = {
    sid: sid ?? randomBytes(16).toString('base64url'),
    user,
    login,
    expiresAt: now + LIFETIME_SECONDS,
    logins: new Map(),
  }
  if (jkt !== undefined) confirm(session, jkt, authTime)
  sessions.set(secret, session)
  response.cookie(NAME, secret, { ...COOKIE, maxAge: LIFETIME_SECONDS * 1000 })
}

/** The session of a request, or `undefined`. */
export function sessionOf(request: Request): DemoSession | undefined {
  const session = sessions.get(parseCookie(request.headers.cookie ?? '')[NAME] ?? '')
  return session && session.expiresAt > nowSeconds() ? session : undefined
}

/** Notes that the user signed in for a device key, now if not told otherwise. */
export function confirm({ logins }: DemoSession, jkt: string, at: number = nowSeconds()): void {
  logins.delete(jkt)
  const [oldest] = logins.keys()
  if (oldest !== undefined && logins.size >= MOST_KEYS) logins.delete(oldest)
  logins.set(jkt, at)
}

/** The device key that a page names, or `undefined` if it names none that could be one. */
export function deviceKeyIn(value: unknown): string | undefined {
  return isThumbprint(value) ? value : undefined
}

/** Makes the sign-in look older than it is, so that what asks for a fresh one can be watched without waiting. */
export function age(session: DemoSession, seconds: number): void {
  for (const [jkt, at] of session.logins) session.logins.set(jkt, at - seconds)
}

/** Ends a session and takes its cookie back. */
export function endSession(request: Request, response: Response): void {
  sessions.delete(parseCookie(request.headers.cookie ?? '')[NAME] ?? '')
  response.clearCookie(NAME, COOKIE)
}
