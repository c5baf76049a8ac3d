import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Stands for the devices that were forgotten. */
export const FORGOTTEN = ''

type Device = Readonly<{ subject: string; jkt: string }>

/** How a write forgets devices; each is to be called within one. */
type Forgetting = Readonly<{
  /** Whether it was a known one. */
  forget: (input: Device & Readonly<{ now: number }>) => boolean
  /** Forgets all devices of a subject but one, or all of them if `jkt` is that of none. */
  forgetAllBut: (input: Device & Readonly<{ now: number }>) => void
}>

/** Prepares what forgets devices: they are known no more, while it stays known that the subject had some. */
export function createForgetting({ prepare }: Pick<Connection, 'prepare'>): Forgetting {
  const unbind = prepare((db, p: Parameter<Device>) =>
    db.deleteFrom('devices').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')),
  )
  const dropSighting = prepare((db, p: Parameter<Device>) =>
    db.deleteFrom('device_sightings').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')),
  )
  const unbindOthers = prepare((db, p: Parameter<Device & { forgotten: string }>) =>
    db.deleteFrom('devices').where('subject', '=', p('subject')).where('jkt', '!=', p('jkt')).where('jkt', '!=', p('forgotten')),
  )
  const dropOtherSightings = prepare((db, p: Parameter<Device>) =>
    db.deleteFrom('device_sightings').where('subject', '=', p('subject')).where('jkt', '!=', p('jkt')),
  )
  const remember = prepare((db, p: Parameter<Device & { now: number }>) =>
    db
      .insertInto('devices')
      .values({ subject: p('subject'), jkt: p('jkt'), authenticator_id: '', bound_at: p('now') })
      .onConflict((conflict) => conflict.columns(['subject', 'jkt', 'authenticator_id']).doNothing()),
  )
  const note = (unbound: number, { subject, now }: Readonly<{ subject: string; now: number }>): void => {
    if (unbound > 0) remember.run({ subject, jkt: FORGOTTEN, now })
  }
  return {
    forget({ subject, jkt, now }) {
      const unbound = unbind.run({ subject, jkt })
      note(unbound, { subject, now })
      dropSighting.run({ subject, jkt })
      return unbound > 0
    },
    forgetAllBut({ subject, jkt, now }) {
      note(unbindOthers.run({ subject, jkt, forgotten: FORGOTTEN }), { subject, now })
      dropOtherSightings.run({ subject, jkt })
    },
  }
}
