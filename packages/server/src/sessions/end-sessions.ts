import { formatSubject } from '@stile/protocol'
import type { FactsDomain } from '../options/domain.ts'
import type { NewNotice, SessionKey, Store } from '../stores/store.ts'

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
    change: { at, type: 'revoked', subject, before: at },
    notices,
  }
}

/** Ends one session of a subject on all its devices. A login that was given later begins it again. */
export async function endSession({ store, now }: EndsDomain, { subject, sid }: Pick<SessionKey, 'subject' | 'sid'>): Promise<void> {
  const at = now()
  await store.sessions.end({
    subject,
    sid,
    now: at,
    reopensAfter: at,
    change: { at, type: 'revoked', subject, sid, before: at },
  })
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
    change: (key, name) => ({ at, type: 'revoked', subject: subjectOf(key), sid: name, before: at }),
  })
}

/** The subject of a session key, without the acting party. */
function subjectOf(key: string): string {
  return key.split('\u0000', 1)[0] ?? key
}
