import { LOGIN_SECONDS, OWNER_SLACK_SECONDS } from '../../retention.ts'
import type { LoginClaim, LoginVoucher, SessionKey } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Stands for all parties: none has an empty name. */
const EVERY_PARTY = ''
/** Stands for a token that does not name its party. */
const UNNAMED_PARTY = '-'
const NO_KEY = ''

type LoginName = Readonly<{ subject: string; sid: string; authTime: number }>

/** Whose a login is, and what is to be written if its session may go on. */
type FoundLogin = Readonly<{ login: LoginVoucher; claim?: () => void }>

/** What asks whose logins are, and gives them to another key; each is to be called within a read or a write. */
type Logins = Readonly<{
  find: (key: SessionKey, login: LoginClaim, now: number) => FoundLogin
  /** Gives the login of a named session to a key, unless it is one that only its issuer confirms. */
  give: (key: SessionKey, now: number) => void
  /** Gives what one key owns of the login of a named session to another key of it. */
  handOver: (key: SessionKey, to: string) => void
}>

/** Prepares what tells to which key a login belongs. */
export function createLogins({ prepare }: Pick<Connection, 'prepare'>): Logins {
  const find = prepare((db, p: Parameter<LoginName & { party: string }>) =>
    db
      .selectFrom('login_owners')
      .select(['party', 'jkt', 'keep_until'])
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('auth_time', '=', p('authTime'))
      .where((row) => row.or([row('party', '=', EVERY_PARTY), row('party', '=', p('party'))]))
      // what holds for all of them goes first
      .orderBy('party'),
  )
  const put = prepare((db, p: Parameter<LoginName & { party: string; jkt: string; keepUntil: number }>) =>
    db
      .insertInto('login_owners')
      .values({
        subject: p('subject'),
        sid: p('sid'),
        auth_time: p('authTime'),
        party: p('party'),
        jkt: p('jkt'),
        keep_until: p('keepUntil'),
      })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'sid', 'auth_time', 'party']).doUpdateSet(({ fn, ref }) => ({
          jkt: ref('excluded.jkt'),
          keep_until: fn('max', [ref('login_owners.keep_until'), ref('excluded.keep_until')]),
        })),
      ),
  )
  const findFormer = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string; authTime: number }>) =>
    db
      .selectFrom('former_logins')
      .select(({ fn, eb }) => fn.max<number>(eb.case().when('jkt', '=', p('jkt')).then(1).else(0).end()).as('may'))
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('until', '>=', p('authTime'))
      .having(({ fn }) => fn.countAll(), '>', 0),
  )

  const give = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string; keepUntil: number }>) =>
    db
      .insertInto('login_owners')
      .values({ subject: p('subject'), sid: p('sid'), auth_time: 0, party: EVERY_PARTY, jkt: p('jkt'), keep_until: p('keepUntil') })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'sid', 'auth_time', 'party']).doUpdateSet(({ eb, fn, ref }) => ({
          jkt: eb.case().when('login_owners.jkt', '=', NO_KEY).then(NO_KEY).else(ref('excluded.jkt')).end(),
          keep_until: fn('max', [ref('login_owners.keep_until'), ref('excluded.keep_until')]),
        })),
      ),
  )

  const handOver = prepare((db, p: Parameter<SessionKey & { to: string }>) =>
    db
      .updateTable('login_owners')
      .set({ jkt: p('to') })
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('auth_time', '=', 0)
      .where('jkt', '=', p('jkt')),
  )
  const vouch = prepare((db, p: Parameter<{ subject: string; sid: string; jkt: string }>) =>
    db
      .updateTable('sessions')
      .set({ login: 'first' })
      .where('subject', '=', p('subject'))
      .where('sid', '=', p('sid'))
      .where('jkt', '=', p('jkt'))
      .where('login', '=', 'none'),
  )

  return {
    find({ subject, jkt }, { party = UNNAMED_PARTY, sid, authTime, confirmed, silent = false, mayOwn }, now) {
      const isNamed = sid !== undefined
      // its session names a login, whenever it is given again; else the time does
      const name: LoginName = { subject, sid: sid ?? '', authTime: isNamed ? 0 : (authTime ?? 0) }
      const voucher = confirmed && !silent ? 'issuer' : 'none'
      if (!isNamed && authTime === undefined) return { login: voucher }

      const countsUntil = (authTime ?? now) + LOGIN_SECONDS
      const row = find.get({ ...name, party })
      const isKept = row !== undefined && row.keep_until >= countsUntil
      const write = (owner: Readonly<{ party: string; jkt: string }>) => () =>
        void put.run({ ...name, ...owner, keepUntil: countsUntil + OWNER_SLACK_SECONDS })
      if (confirmed) {
        const isNoted = isKept && row.party === EVERY_PARTY && row.jkt === NO_KEY
        return { login: voucher, ...(!isNoted && { claim: write({ party: EVERY_PARTY, jkt: NO_KEY }) }) }
      }
      if (authTime === undefined || countsUntil <= now) return { login: 'none' }
      if (row !== undefined) return { login: row.jkt === jkt ? 'first' : 'none', ...(!isKept && { claim: write(row) }) }
      const isBarred = !mayOwn || findFormer.get({ subject, sid: name.sid, jkt, authTime })?.may === 0
      return isBarred ? { login: 'none' } : { login: 'first', claim: write({ party, jkt }) }
    },
    give: ({ subject, sid, jkt }, now) => {
      give.run({ subject, sid, jkt, keepUntil: now + LOGIN_SECONDS + OWNER_SLACK_SECONDS })
      vouch.run({ subject, sid, jkt })
    },
    handOver: ({ subject, sid, jkt }, to) => {
      if (handOver.run({ subject, sid, jkt, to }) > 0) vouch.run({ subject, sid, jkt: to })
    },
  }
}
