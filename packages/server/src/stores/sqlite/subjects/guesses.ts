import type { GuessBudget, GuessLimits, GuessStore } from '../../store.ts'
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
  /** How many wrong codes of apps there were in a row; 0 in the budget of the owner, where each app has its own row. */
  inRow: number
  /** When the last of the row was taken. */
  rowAt: number
}>

type Whose = Readonly<{ subject: string; budget: GuessBudget }>

const FRESH: Budget = { times: [], exhaustedAt: null, strikes: 0, quietSince: null, inRow: 0, rowAt: 0 }

/** Counts guesses, and takes back those that were none. */
export function createGuessStore({ prepare, read, write, enqueue }: Connection): GuessStore {
  const find = prepare((db, p: Parameter<Whose>) =>
    db.selectFrom('guesses').selectAll().where('subject', '=', p('subject')).where('budget', '=', p('budget')),
  )
  const put = prepare((db, p: Parameter<Row>) =>
    db
      .insertInto('guesses')
      .values({
        subject: p('subject'),
        budget: p('budget'),
        times_json: p('times_json'),
        exhausted_at: p('exhausted_at'),
        strikes: p('strikes'),
        quiet_since: p('quiet_since'),
        in_row: p('in_row'),
        row_at: p('row_at'),
        expires_at: p('expires_at'),
      })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'budget']).doUpdateSet(({ ref }) => ({
          times_json: ref('excluded.times_json'),
          exhausted_at: ref('excluded.exhausted_at'),
          strikes: ref('excluded.strikes'),
          quiet_since: ref('excluded.quiet_since'),
          in_row: ref('excluded.in_row'),
          row_at: ref('excluded.row_at'),
          expires_at: ref('excluded.expires_at'),
        })),
      ),
  )
  const drop = prepare((db, p: Parameter<Whose>) =>
    db.deleteFrom('guesses').where('subject', '=', p('subject')).where('budget', '=', p('budget')),
  )
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
  /** The apps that may be compared with a guess that does not count against them. */
  const openApp = prepare((db, p: Parameter<{ subject: string; id: string; limit: number }>) =>
    db
      .selectFrom('authenticators')
      .select('failures')
      .where('subject', '=', p('subject'))
      .where('id', '=', p('id'))
      .where('disabled_at', 'is', null)
      .where('failures', '<', p('limit')),
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

  const budgetOf = (whose: Whose): Budget => {
    const row = find.get(whose)
    if (row === undefined) return FRESH
    const { times_json, exhausted_at, strikes, quiet_since, in_row, row_at } = row
    const times = JSON.parse(times_json) as number[]
    return { times, exhaustedAt: exhausted_at, strikes, quietSince: quiet_since, inRow: in_row, rowAt: row_at }
  }
  const keep = (whose: Whose, kept: Budget, limits: GuessLimits): void => {
    const { times, exhaustedAt, strikes, quietSince, inRow, rowAt } = kept
    if (times.length === 0 && strikes === 0 && inRow === 0) drop.run(whose)
    else
      put.run({
        ...whose,
        times_json: JSON.stringify(times),
        exhausted_at: exhaustedAt,
        strikes,
        quiet_since: quietSince,
        in_row: inRow,
        row_at: rowAt,
        expires_at: forgottenAt(kept, limits),
      })
  }
  const ceremonyCount = (ceremony: string | undefined): number =>
    ceremony === undefined ? 0 : (findCeremony.get({ ceremony })?.count ?? 0)

  return {
    take: ({ subject, budget, ceremony, authenticators, now, limits }) =>
      write(() => {
        const whose = { subject, budget }
        const left = budgetAt(budgetOf(whose), now, limits)
        const blocked = closedUntil(left, limits)
        if (blocked !== undefined) return { counted: false, by: 'subject', retryAt: blocked }
        const inCeremony = ceremonyCount(ceremony)
        if (ceremony !== undefined && inCeremony >= limits.perCeremony) return { counted: false, by: 'ceremony', retryAt: now }
        const isOwner = budget === 'owner'
        const compared = authenticators.flatMap((id) => {
          const row = (isOwner ? countWrong : openApp).get({ subject, id, limit: limits.perAuthenticator })
          return row?.failures == null ? [] : [{ id, failures: row.failures }]
        })
        if (authenticators.length > 0 && compared.length === 0) return { counted: false, by: 'authenticator', retryAt: now }
        const times = [...left.times, now]
        const row = !isOwner && compared.length > 0 && { inRow: left.inRow + 1, rowAt: now }
        const after = { ...left, ...row, times, exhaustedAt: times.length >= limits.perSubject ? now : null }
        keep(whose, after, limits)
        if (ceremony !== undefined) putCeremony.run({ ceremony, count: inCeremony + 1, expiresAt: now + CEREMONY_SECONDS })
        const closes = closedUntil(after, limits) !== undefined
        return { counted: true, ceremony: inCeremony + 1, subject: times.length, authenticators: compared, closes }
      }),

    giveBack: ({ subject, budget, ceremony, authenticators, accepted = false, at, limits }) =>
      write(() => {
        const whose = { subject, budget }
        const left = budgetOf(whose)
        const place = left.times.indexOf(at)
        const inRow = accepted ? 0 : Math.max(left.inRow - (authenticators.length > 0 ? 1 : 0), 0)
        // one guess less than all is never a budget that is used up
        const back = place >= 0 && { times: left.times.toSpliced(place, 1), exhaustedAt: null }
        if (back || inRow !== left.inRow) keep(whose, { ...left, ...back, inRow }, limits)
        const inCeremony = ceremonyCount(ceremony)
        if (ceremony !== undefined && inCeremony > 1) putCeremony.run({ ceremony, count: inCeremony - 1, expiresAt: at + CEREMONY_SECONDS })
        else if (ceremony !== undefined) dropCeremony.run({ ceremony })
        if (budget === 'owner') for (const id of authenticators) uncountWrong.run({ subject, id })
      }),

    tell: ({ subject, budget, now, limits, notices }) =>
      write(() => {
        if (closedUntil(budgetAt(budgetOf({ subject, budget }), now, limits), limits) !== undefined) enqueue(notices)
      }),

    count: ({ subject, budget, ceremony, now, limits }) =>
      read(() => {
        const left = budgetAt(budgetOf({ subject, budget }), now, limits)
        const retryAt = closedUntil(left, limits)
        return { ceremony: ceremonyCount(ceremony), subject: left.times.length, ...(retryAt !== undefined && { retryAt }) }
      }),
  }
}

/** The budget as time has changed it: a block that is over has become a strike, old guesses, old strikes and an old row are forgotten. */
function budgetAt(before: Budget, now: number, limits: GuessLimits): Budget {
  const budget = now < before.rowAt + limits.rowSeconds ? before : { ...before, inRow: 0, rowAt: 0 }
  const blocked = blockedUntil(budget, limits)
  if (blocked !== undefined && now < blocked) return budget
  const over =
    blocked === undefined ? budget : { ...budget, times: [], exhaustedAt: null, strikes: budget.strikes + 1, quietSince: blocked }
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

/** When a budget is open again that is used up, or whose row is as long as it may be. */
function closedUntil(budget: Budget, limits: GuessLimits): number | undefined {
  const row = budget.inRow >= limits.perAuthenticator ? budget.rowAt + limits.rowSeconds : undefined
  const blocked = blockedUntil(budget, limits)
  return row === undefined || blocked === undefined ? (row ?? blocked) : Math.max(row, blocked)
}

/** When a budget that nobody touches has become a fresh one. */
function forgottenAt(budget: Budget, limits: GuessLimits): number {
  const blocked = blockedUntil(budget, limits)
  const { times, strikes, quietSince, inRow, rowAt } = budget
  const quietAt = blocked === undefined ? (quietSince ?? 0) + strikes * limits.quietSeconds : blocked + (strikes + 1) * limits.quietSeconds
  const rowUntil = inRow > 0 ? rowAt + limits.rowSeconds : 0
  return Math.max((times.at(-1) ?? 0) + limits.windowSeconds, strikes > 0 || blocked !== undefined ? quietAt : 0, rowUntil)
}
