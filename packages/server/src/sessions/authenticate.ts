import { formatSubject } from '@stile/protocol'
import { noticeFor } from '../addresses/notice-for.ts'
import { StileError } from '../error.ts'
import type { LoginProviders } from '../login-providers/provider.ts'
import type { FactsDomain } from '../options/domain.ts'
import { deviceSession } from '../stores/session-names.ts'
import type { Caller, EndedCaller, Recognized } from './caller.ts'
import { createDpopChecks, useOfDpop } from './dpop.ts'
import { createServiceNonces } from './dpop-nonce.ts'
import { loginClaim, loginFor } from './login.ts'
import { createPendingProof, type PendingProof, storeTaking } from './pending-proof.ts'
import { endingOf } from './session-ended.ts'
import { sessionKey } from './session-key.ts'
import { createSessionTokens } from './session-token.ts'

/** What a request brings to say who is asking. */
export type Credentials = Readonly<{
  /** The HTTP method. */
  method: string
  /** Below `publicUrl`, with its slash; a query is ignored: `/v1/state`. */
  path: string
  authorization: string | readonly string[] | undefined
  /** The `DPoP` header as it was received. */
  dpop: string | readonly string[] | undefined
  /** The client that the origin of the request belongs to. */
  client: string
  /** Whether the proof was taken with this very request before, which is asked again now that its body has come. Default false. */
  isProofTaken?: boolean
  /** Whether the subject does something; false for what a page asks by itself. Default true. */
  active?: boolean
}>

type Deferral = Readonly<{ defersProof?: boolean; proof?: PendingProof | undefined }>

/** Tells who is asking. */
export type CallerReader = Readonly<{
  /**
   * Checks the session token and the proof of the device key, and keeps the session alive.
   *
   * @throws {StileError} `unauthenticated`, `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, `session_ended`,
   *   `service_unavailable`
   */
  authenticate(credentials: Credentials): Promise<Caller>
  /**
   * The same, for what somebody may ask whose session is over.
   *
   * @param options.defersProof  whether the proof of somebody in a session may be left to the caller to remember, before it writes or answers
   *   anything. Default false.
   * @param options.proof  what was left to the caller when this very request was asked before
   *
   * @throws {StileError} as {@link CallerReader.authenticate}, without `session_ended`
   */
  recognize(credentials: Credentials, options?: Deferral): Promise<Recognized>
  /** The nonce that the next proof must carry: for the `DPoP-Nonce` header of every answer. */
  nonce(): string
}>

/** What a session that is over is answered with. */
const ENDINGS: Readonly<Record<'ended' | 'expired' | 'crowded', string>> = {
  ended: 'This session was ended. Sign in again.',
  expired: 'This session has been unused or open for too long. Sign in again.',
  crowded: 'Too many devices use this sign-in, so this one cannot be added. Sign in again here.',
}

type SessionsDomain = FactsDomain & Readonly<{ logins: LoginProviders }>

/**
 * Creates what tells who is asking of the subject-facing API; it holds the key sets of the issuers and remembers valid signatures.
 *
 * @param fetch  how key sets are fetched
 */
export function createCallerReader(domain: SessionsDomain, { fetch }: Readonly<{ fetch: typeof globalThis.fetch }>): CallerReader {
  const { options, store, now } = domain
  const { publicUrl, issuers, session } = options
  const tokens = createSessionTokens({ issuers, publicUrl, now, fetch, log: options.log })
  const nonces = createServiceNonces({ secret: options.secret, now })
  const checkDpop = createDpopChecks()

  async function recognize(credentials: Credentials, { defersProof = false, proof: left }: Deferral = {}): Promise<Recognized> {
    const { method, path, authorization, dpop, client, isProofTaken = false, active = true } = credentials
    const token = sessionTokenIn(authorization)
    const time = now()
    const isNonce = (nonce: string): boolean => nonces.handedOutAt(nonce) !== undefined
    const proof = checkDpop({ proof: dpop, method, url: publicUrl + path, accessToken: token, isNonce, now: time })
    const { issuer, sub, account, sid, confirmedKey, party, login, actor, displayName, email, issuedAt, expiresAt } =
      await tokens.verify(token)
    if (confirmedKey !== undefined && confirmedKey !== proof.jkt)
      throw new StileError('invalid_token', 'The session token was given to another device key. Ask the app for one that names this key.')
    // only now: anybody who has no valid session token writes nothing
    const pending = left ?? (isProofTaken ? undefined : createPendingProof(store, useOfDpop(proof, time)))
    const deferred = defersProof ? pending : undefined
    if (deferred === undefined) await pending?.take()

    const subject = formatSubject({ issuer, sub })
    const identity: EndedCaller['identity'] = {
      issuer,
      sub,
      subject,
      account: account ?? subject,
      sid: sid ?? deviceSession(proof.jkt),
      jkt: proof.jkt,
      client,
      expiresAt,
      ...(confirmedKey !== undefined && { confirmed: true }),
      ...(actor !== undefined && { actor }),
      ...(displayName !== undefined && { displayName }),
      ...(email && { email }),
    }
    const confirmed = confirmedKey !== undefined
    const isStored = proof.stored
    const touch = {
      key: sessionKey(identity),
      account: identity.account,
      now: time,
      ...session,
      login: loginClaim({ login, party, sid, issuedAt, confirmed, isStored }),
      active,
    }
    const { sessions } = deferred === undefined ? store : storeTaking(store, deferred)
    let seen = await sessions.touch(touch)
    if (seen.status === 'full') {
      // only then is it worth looking for who is told; whoever acts for a subject has keys of their own, of which the subject is not told
      const notices = actor === undefined ? await noticeFor(domain, subject, 'device_crowded_out', {}) : []
      seen = await sessions.touch({ ...touch, notices })
    }
    const { status, login: found } = seen
    if (status === 'new' || status === 'known') {
      const caller = { ...identity, ...loginFor({ login, isStored }, found) }
      return { status: 'open', caller, ...(deferred && { proof: deferred }) }
    }
    await deferred?.take()
    // with notices no answer is `full`, and none is `unwritten` that may write
    const detail = ENDINGS[status === 'full' || status === 'unwritten' ? 'crowded' : status]
    return { status: 'ended', identity, ...(await endingOf(domain, identity, detail)) }
  }

  return {
    recognize,
    async authenticate(credentials) {
      const found = await recognize(credentials)
      if (found.status === 'ended') throw found.refusal
      return found.caller
    },

    nonce: () => nonces.current(),
  }
}

/** The token of either scheme: a proof of the device key is demanded with both. */
function sessionTokenIn(authorization: string | readonly string[] | undefined): string {
  if (authorization === undefined || authorization === '')
    throw new StileError('unauthenticated', 'There is no session token. Send one as "Authorization: DPoP …" together with a DPoP proof.')
  const match = typeof authorization === 'string' ? /^(?:DPoP|Bearer) +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization) : null
  if (match?.[1] === undefined)
    throw new StileError('unauthenticated', 'The Authorization header is not "DPoP" or "Bearer" and one session token. Send exactly that.')
  return match[1]
}
