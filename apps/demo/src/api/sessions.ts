import { randomBytes } from 'node:crypto'
import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import type { User } from './users.ts'

/** The demo's own login, as any product has one. */
export type DemoSession = { readonly sid: string; readonly user: User /** When the password was last given. */; authTime: number }

const COOKIE = 'quarterly_session'
const sessions = new Map<string, DemoSession>()

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Starts a session and sets its cookie. The cookie's value is a secret of its own: `sid` travels in tokens. */
export function startSession(response: Response, user: User): DemoSession {
  const secret = randomBytes(32).toString('base64url')
  const session = { sid: randomBytes(16).toString('base64url'), user, authTime: nowSeconds() }
  sessions.set(secret, session)
  response.cookie(COOKIE, secret, { httpOnly: true, sameSite: 'lax', maxAge: 12 * 3_600_000 })
  return session
}

/** The session of a request, or `undefined`. */
export function sessionOf(request: Request): DemoSession | undefined {
  const secret = parseCookie(request.headers.cookie ?? '')[COOKIE]
  return secret === undefined ? undefined : sessions.get(secret)
}

/** Notes that the password was given again. */
export function confirm(session: DemoSession): void {
  session.authTime = nowSeconds()
}

/** Ends a session and takes its cookie back. */
export function endSession(request: Request, response: Response): void {
  const secret = parseCookie(request.headers.cookie ?? '')[COOKIE]
  if (secret !== undefined) sessions.delete(secret)
  response.clearCookie(COOKIE, { httpOnly: true, sameSite: 'lax' })
}
