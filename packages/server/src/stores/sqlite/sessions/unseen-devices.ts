import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import type { SweepStep } from '../sweep-step.ts'

/** What a device calls itself is looked at this long after it was seen last, or looked at last. 30 days. */
const UNSEEN_SECONDS = 30 * 86_400

/** Prepares what forgets how a device calls itself, once it is neither known nor in a session. */
export function createSweepOfSightings({ prepare }: Pick<Connection, 'prepare'>): SweepStep {
  const due = prepare((db, p: Parameter<{ now: number; most: number }>) =>
    db
      .selectFrom('device_sightings')
      .select(['subject', 'jkt'])
      .where(({ eb, fn, val }) => eb(fn.coalesce('looked_at', 'last_seen_at'), '<=', eb(val(p('now')), '-', UNSEEN_SECONDS)))
      .limit(p('most')),
  )
  const forget = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db
      .deleteFrom('device_sightings')
      .where('subject', '=', p('subject'))
      .where('jkt', '=', p('jkt'))
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('devices').select('jkt').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')))),
      )
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('sessions').select('sid').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')))),
      ),
  )
  const putOff = prepare((db, p: Parameter<{ subject: string; jkt: string; now: number }>) =>
    db
      .updateTable('device_sightings')
      .set({ looked_at: p('now') })
      .where('subject', '=', p('subject'))
      .where('jkt', '=', p('jkt')),
  )
  return ({ now, most }) => {
    const rows = due.all({ now, most })
    for (const device of rows) if (forget.run(device) === 0) putOff.run({ ...device, now })
    return rows.length
  }
}
