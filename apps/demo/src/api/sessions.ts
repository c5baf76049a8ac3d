import { randomBytes } from 'node:crypto'
import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import { env } from '../shared/env.ts'
import type { User } from './users.ts'

/** The demo's own login, as any product has one. All times in seconds since the epoch. */
export type DemoSession = {
  readonly sid: string
  readonly user: User
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

/** Starts a session and sets its cookie. The cookie's value is a secret of its own: `sid` travels in tokens. */
export function startSession(response: Response, user: User): void {
  const now = nowSeconds()
  for (const [secret, { expiresAt }] of sessions) if (expiresAt <= now) sessions.delete(secret)
  const secret = randomBytes(32).toString('base64url')
  sessions.set(secret, { sid: randomBytes(16).toString('base64url'), user, expiresAt: now + LIFETIME_SECONDS, authTime: now })
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

/** Ends a session and takes its cookie back. */
export function endSession(request: Request, response: Response): void {
  sessions.delete(parseCookie(request.headers.cookie ?? '')[NAME] ?? '')
  response.clearCookie(NAME, COOKIE)
}
