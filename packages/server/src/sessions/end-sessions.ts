import { formatSubject } from '@stile/protocol'
import type { FactsDomain } from '../options/domain.ts'
import { deviceSession, subjectOf } from '../stores/session-names.ts'
import type { NewChange, NewNotice, SessionKey, Store } from '../stores/store.ts'
import type { Caller } from './caller.ts'
import { sessionKey } from './session-key.ts'

type EndsDomain = Pick<FactsDomain, 'store' | 'now'>
type Ending = Readonly<{ subject: string; except?: SessionKey; forgetDevices?: boolean; notices?: readonly NewNotice[] }>
type EndOfAll = Parameters<Store['sessions']['endAll']>[0]

/**
 * Ends every session of a subject, apart from one: on all devices, with what was proven and begun in them, and the tokens issued so far.
 *
 * A login that was given before is too old from here on, even if the service has not seen its session yet. An issuer that does not say
 * when a login was given is held to when its tokens were made: an older token begins nothing. A token that an application makes later, for a
 * cookie of before that is still good, cannot be told from one of a new login: it begins a session that was not seen yet, with no proofs.
 * Sessions of someone who acts for the subject are their own and stay.
 *
 * @param ending.except  the session that goes on, on its one device
 * @param ending.forgetDevices  whether all other devices are known no more, so that each has to prove again whose it is; false by default
 * @param ending.notices  what is told of it, together with it
 */
export async function endSessions(domain: EndsDomain, ending: Ending): Promise<void> {
  await domain.store.sessions.endAll(endOfAll(domain, ending))
}

/** What {@link endSessions} writes, for a verb of the store that ends them together with something else. */
export function endOfAll({ now }: Pick<EndsDomain, 'now'>, { subject, except, forgetDevices = false, notices = [] }: Ending): EndOfAll {
  const at = now()
  return {
    subject,
    ...(except !== undefined && { except: { sid: except.sid, jkt: except.jkt } }),
    forgetDevices,
    now: at,
    change: revocation({ subject, at }),
    notices,
  }
}

/** Ends one session of a subject on all its devices. A login that was given later begins it again. */
export async function endSession({ store, now }: EndsDomain, { subject, sid }: Pick<SessionKey, 'subject' | 'sid'>): Promise<void> {
  const at = now()
  await store.sessions.end({ subject, sid, now: at, reopensAfter: at, change: revocation({ subject, sid, at }) })
}

/**
 * Ends the session of a caller on all its devices, because they sign out: see {@link signOutOf}. A key that is not the owner's, such as one that
 * somebody made for a stolen session token, signs itself out alone.
 */
export async function signOut({ store, now }: EndsDomain, caller: Caller): Promise<void> {
  const at = now()
  const { subject, sid, jkt } = caller
  await store.sessions.end({
    subject: sessionKey(caller).subject,
    signedOut: { jkt, confirmed: caller.confirmed === true },
    now: at,
    ...signOutOf(caller, at),
    change: revocation({ subject, sid, at }),
  })
}

/**
 * How the session of a caller ends who signs out, or whose device signs itself out. One that its issuer names ends for good. One without a name is
 * that of the device: ended for good, it would keep the next login out.
 */
export function signOutOf({ sid, jkt }: Caller, at: number): Readonly<{ sid: string; reopensAfter?: number }> {
  return { sid, ...(sid === deviceSession(jkt) && { reopensAfter: at }) }
}

/**
 * Ends, for good, the session that an issuer knows by this name, also of someone who acts in it. If the issuer says whose it was, the
 * sessions of that subject which have no name end too: each of them could be the one, also one that the service has not seen yet.
 */
export async function endNamedSession(
  { store, now }: EndsDomain,
  { issuer, sid, sub }: Readonly<{ issuer: string; sid: string; sub?: string }>,
): Promise<void> {
  const at = now()
  await store.sessions.endNamed({
    issuer,
    sid,
    now: at,
    ...(sub !== undefined && { subject: formatSubject({ issuer, sub }) }),
    change: (key, name) => revocation({ subject: subjectOf(key), sid: name, at }),
  })
}

/** The change of the log that revokes what was issued up to an instant: to a subject, or only in one of their sessions. */
export function revocation({ subject, sid, at }: Readonly<{ subject: string; sid?: string; at: number }>): NewChange {
  return { at, type: 'revoked', subject, ...(sid !== undefined && { sid }), before: at }
}
