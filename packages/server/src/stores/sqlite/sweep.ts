import type { Connection } from './connection.ts'
import type { Parameter } from './database/statements.ts'
import { createSweepOfSessions } from './sessions/expired-sessions.ts'
import { createSweepOfSightings } from './sessions/unseen-devices.ts'
import type { Due, SweepStep } from './sweep-step.ts'

/** How many rows one step looks at before the clock is looked at. */
const ROWS = 20

/** How long one write of the sweep works, in milliseconds, before others get their turn. */
const SLICE_MS = 3

/** The longest pause between two writes of the sweep, in milliseconds; the usual one is as long as the write before it took. */
const LONGEST_PAUSE_MS = 50

/** An expired ticket still lets in what was begun while it was valid. Half an hour, which is longer than an enrolment is open. */
const EXPIRED_TICKET_SECONDS = 1800

/** Notices that nobody sends, because mail is not configured any more, are kept this long. Two days. */
const UNSENT_NOTICE_SECONDS = 2 * 86_400

/** The sweep of a store. */
export type Sweep = Readonly<{
  /** Sweeps what is due; a call while a sweep is under way gets that one. */
  run: (now: number) => Promise<void>
  /** Ends a sweep that is under way after the write that it is at. What is left is swept another time. */
  stop: () => Promise<void>
}>

/**
 * Deletes what has expired, a few rows at a time. It costs what is due: each step reads an index from its oldest entry and stops at the first that
 * is young. Nothing of it is flushed: what a power cut undoes is swept again.
 *
 * The change log keeps, for licenses, policies and revocations, the newest change of each topic: a reader that resumes after any cursor still
 * hears of everything that changed. Of a revocation that names a session it hears for a day, long after the last token of that session has
 * expired. The head of the log always stays.
 */
export function createSweep(connection: Connection): Sweep {
  const { prepare, writeUnflushed } = connection
  const steps: readonly SweepStep[] = [
    ...(['step_ups', 'operations', 'registrations', 'replays', 'recovery_links', 'guesses', 'ceremony_guesses'] as const).map(
      (table) =>
        prepare((db, p: Parameter<Due>) =>
          db
            .deleteFrom(table)
            .where('rowid', 'in', (from) => from.selectFrom(table).select('rowid').where('expires_at', '<=', p('now')).limit(p('most'))),
        ).run,
    ),
    prepare((db, p: Parameter<Due>) =>
      db
        .deleteFrom('attempts')
        .where('rowid', 'in', (from) => from.selectFrom('attempts').select('rowid').where('resets_at', '<=', p('now')).limit(p('most'))),
    ).run,
    prepare((db, p: Parameter<Due>) =>
      db.deleteFrom('recovery_tickets').where('rowid', 'in', (from) =>
        from
          .selectFrom('recovery_tickets')
          .select('rowid')
          .where(({ eb, val }) => eb('expires_at', '<=', eb(val(p('now')), '-', EXPIRED_TICKET_SECONDS)))
          .limit(p('most')),
      ),
    ).run,
    ...(['ended_sessions', 'ended_keys', 'login_owners', 'former_logins'] as const).map(
      (table) =>
        prepare((db, p: Parameter<Due>) =>
          db
            .deleteFrom(table)
            .where('rowid', 'in', (from) => from.selectFrom(table).select('rowid').where('keep_until', '<=', p('now')).limit(p('most'))),
        ).run,
    ),
    createSweepOfSessions(connection),
    createSweepOfSightings(connection),
    prepare((db, p: Parameter<Due>) =>
      db.deleteFrom('outbox').where('rowid', 'in', (from) =>
        from
          .selectFrom('outbox')
          .select('rowid')
          .where(({ eb, val }) => eb('created_at', '<=', eb(val(p('now')), '-', UNSENT_NOTICE_SECONDS)))
          .limit(p('most')),
      ),
    ).run,
    // only passing changes expire
    prepare((db, p: Parameter<Due>) =>
      db.deleteFrom('changes').where('cursor', 'in', (from) =>
        from
          .selectFrom('changes')
          .select('cursor')
          .where('expires_at', '<=', p('now'))
          .where('cursor', '<', ({ selectFrom }) => selectFrom('changes').select(({ fn }) => fn.max('cursor').as('head')))
          .limit(p('most')),
      ),
    ).run,
  ]
  let stopped = false
  let running: Promise<void> | undefined

  /** Goes on with a step for as long as a slice is; answers with which step the next one goes on. */
  function slice(now: number, from: number): number {
    const until = performance.now() + SLICE_MS
    for (let index = from; index < steps.length; ) {
      const looked = steps[index]?.({ now, most: ROWS }) ?? 0
      if (looked < ROWS) index += 1
      if (performance.now() >= until) return index
    }
    return steps.length
  }

  async function sweep(now: number): Promise<void> {
    let next = 0
    while (next < steps.length && !stopped) {
      const begun = performance.now()
      next = await writeUnflushed(() => slice(now, next))
      if (next < steps.length) await pause(performance.now() - begun)
    }
  }

  return {
    run(now) {
      running ??= sweep(now).finally(() => {
        running = undefined
      })
      return running
    },
    async stop() {
      stopped = true
      // its failure is told to the caller of `run`
      await running?.catch(() => undefined)
    },
  }
}

/** Not unreferenced: a process that waits for a sweep does not end before it. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, LONGEST_PAUSE_MS)))
}
