import type { GuessLimits, GuessStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

/** How long a ceremony's guesses are remembered, in seconds: longer than any ceremony is open. */
const CEREMONY_SECONDS = 3600

type Row = Omit<Tables['guesses'], 'rowid'>

/** The budget of a subject at an instant. */
type Budget = Readonly<{
  /** When each guess was taken, oldest first. */
  times: readonly number[]
  exhaustedAt: number | null
  strikes: number
  quietSince: number | null
}>

const FRESH: Budget = { times: [], exhaustedAt: null, strikes: 0, quietSince: null }

/** Counts guesses, and takes back those that were none. */
export function createGuessStore({ prepare, read, write }: Connection): GuessStore {
  const find = prepare((db, p: Parameter<{ subject: string }>) => db.selectFrom('guesses').selectAll().where('subject', '=', p('subject')))
  const put = prepare((db, p: Parameter<Row>) =>
    db
      .insertInto('guesses')
      .values({
        subject: p('subject'),
        times_json: p('times_json'),
        exhausted_at: p('exhausted_at'),
        strikes: p('strikes'),
        quiet_since: p('quiet_since'),
        expires_at: p('expires_at'),
      })
      .onConflict((conflict) =>
        conflict.column('subject').doUpdateSet(({ ref }) => ({
          times_json: ref('excluded.times_json'),
          exhausted_at: ref('excluded.exhausted_at'),
          strikes: ref('excluded.strikes'),
          quiet_since: ref('excluded.quiet_since'),
          expires_at: ref('excluded.expires_at'),
        })),
      ),
  )
  const drop = prepare((db, p: Parameter<{ subject: string }>) => db.deleteFrom('guesses').where('subject', '=', p('subject')))
  const findCeremony = prepare((db, p: Parameter<{ ceremony: string }>) =>
    db.selectFrom('ceremony_guesses').select('count').where('ceremony', '=', p('ceremony')),
  )
  const putCeremony = prepare((db, p: Parameter<{ ceremony: string; count: number; expiresAt: number }>) =>
    db
      .insertInto('ceremony_guesses')
      .values({ ceremony: p('ceremony'), count: p('count'), expires_at: p('expiresAt') })
      .onConflict((conflict) => conflict.column('ceremony').doUpdateSet(({ ref }) => ({ count: ref('excluded.count') }))),
  )
  const dropCeremony = prepare((db, p: Parameter<{ ceremony: string }>) =>
    db.deleteFrom('ceremony_guesses').where('ceremony', '=', p('ceremony')),
  )
  const countWrong = prepare((db, p: Parameter<{ subject: string; id: string; limit: number }>) =>
    db
      .updateTable('authenticators')
      .set(({ eb, ref }) => ({ failures: eb(ref('failures'), '+', 1) }))
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id'))
      .where('disabled_at', 'is', null)
      .where('failures', '<', p('limit'))
      .returning('failures'),
  )
  const uncountWrong = prepare((db, p: Parameter<{ subject: string; id: string }>) =>
    db
      .updateTable('authenticators')
      .set(({ eb, ref }) => ({ failures: eb(ref('failures'), '-', 1) }))
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id'))
      .where('disabled_at', 'is', null)
      .where('failures', '>', 0),
  )

  const budgetOf = (subject: string): Budget => {
    const row = find.get({ subject })
    if (row === undefined) return FRESH
    const { times_json, exhausted_at, strikes, quiet_since } = row
    return { times: JSON.parse(times_json) as number[], exhaustedAt: exhausted_at, strikes, quietSince: quiet_since }
  }
  const keep = (subject: string, budget: Budget, limits: GuessLimits): void => {
    const { times, exhaustedAt, strikes, quietSince } = budget
    if (times.length === 0 && strikes === 0) drop.run({ subject })
    else
      put.run({
        subject,
        times_json: JSON.stringify(times),
        exhausted_at: exhaustedAt,
        strikes,
        quiet_since: quietSince,
        expires_at: forgottenAt(budget, limits),
      })
  }
  const ceremonyCount = (ceremony: string | undefined): number =>
    ceremony === undefined ? 0 : (findCeremony.get({ ceremony })?.count ?? 0)

  return {
    take: ({ subject, ceremony, authenticators, now, limits }) =>
      write(() => {
        const budget = budgetAt(budgetOf(subject), now, limits)
        const blocked = blockedUntil(budget, limits)
        if (blocked !== undefined) return { counted: false, by: 'subject', retryAt: blocked }
        const inCeremony = ceremonyCount(ceremony)
        if (ceremony !== undefined && inCeremony >= limits.perCeremony) return { counted: false, by: 'ceremony', retryAt: now }
        const compared = authenticators.flatMap((id) => {
          const row = countWrong.get({ subject, id, limit: limits.perAuthenticator })
          return row?.failures == null ? [] : [{ id, failures: row.failures }]
        })
        if (authenticators.length > 0 && compared.length === 0) return { counted: false, by: 'authenticator', retryAt: now }
        const times = [...budget.times, now]
        keep(subject, { ...budget, times, exhaustedAt: times.length >= limits.perSubject ? now : null }, limits)
        if (ceremony !== undefined) putCeremony.run({ ceremony, count: inCeremony + 1, expiresAt: now + CEREMONY_SECONDS })
        return { counted: true, ceremony: inCeremony + 1, subject: times.length, authenticators: compared }
      }),

    giveBack: ({ subject, ceremony, authenticators, at, limits }) =>
      write(() => {
        const budget = budgetOf(subject)
        const place = budget.times.indexOf(at)
        // one guess less than all is never a budget that is used up
        if (place >= 0) keep(subject, { ...budget, times: budget.times.toSpliced(place, 1), exhaustedAt: null }, limits)
        const inCeremony = ceremonyCount(ceremony)
        if (ceremony !== undefined && inCeremony > 1) putCeremony.run({ ceremony, count: inCeremony - 1, expiresAt: at + CEREMONY_SECONDS })
        else if (ceremony !== undefined) dropCeremony.run({ ceremony })
        for (const id of authenticators) uncountWrong.run({ subject, id })
      }),

    count: ({ subject, ceremony, now, limits }) =>
      read(() => {
        const budget = budgetAt(budgetOf(subject), now, limits)
        const retryAt = blockedUntil(budget, limits)
        return { ceremony: ceremonyCount(ceremony), subject: budget.times.length, ...(retryAt !== undefined && { retryAt }) }
      }),
  }
}

/** The budget as time has changed it: a block that is over has become a strike, old guesses and old strikes are forgotten. */
function budgetAt(budget: Budget, now: number, limits: GuessLimits): Budget {
  const blocked = blockedUntil(budget, limits)
  if (blocked !== undefined && now < blocked) return budget
  const over = blocked === undefined ? budget : { times: [], exhaustedAt: null, strikes: budget.strikes + 1, quietSince: blocked }
  const times = over.times.filter((each) => each > now - limits.windowSeconds)
  const { strikes, quietSince } = over
  if (strikes === 0 || quietSince === null) return { ...over, times }
  const quiet = Math.min(Math.max(Math.floor((now - quietSince) / limits.quietSeconds), 0), strikes)
  return { ...over, times, strikes: strikes - quiet, quietSince: quiet === strikes ? null : quietSince + quiet * limits.quietSeconds }
}

/** When the block of a budget that is used up ends. */
function blockedUntil({ exhaustedAt, strikes }: Budget, { windowSeconds, longestBlockSeconds }: GuessLimits): number | undefined {
  return exhaustedAt === null ? undefined : exhaustedAt + Math.min(windowSeconds * 2 ** strikes, longestBlockSeconds)
}

/** When a budget that nobody touches has become a fresh one. */
function forgottenAt(budget: Budget, limits: GuessLimits): number {
  const blocked = blockedUntil(budget, limits)
  const { times, strikes, quietSince } = budget
  const quietAt = blocked === undefined ? (quietSince ?? 0) + strikes * limits.quietSeconds : blocked + (strikes + 1) * limits.quietSeconds
  return Math.max((times.at(-1) ?? 0) + limits.windowSeconds, strikes > 0 || blocked !== undefined ? quietAt : 0)
}
