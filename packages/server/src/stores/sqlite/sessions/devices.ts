import type { DeviceStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps which device keys have proven to belong to a subject. */
export function createDeviceStore({ prepare, read, write }: Connection): DeviceStore {
  const any = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('devices').select('jkt').where('subject', '=', p('subject')).limit(1),
  )
  const one = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db.selectFrom('devices').select('jkt').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')).limit(1),
  )
  const vouched = prepare((db, p: Parameter<{ subject: string; jkt: string; authenticatorId: string }>) =>
    db
      .selectFrom('devices')
      .select('jkt')
      .where('subject', '=', p('subject'))
      .where('jkt', '=', p('jkt'))
      .where('authenticator_id', '=', p('authenticatorId')),
  )
  const findAuthenticator = prepare((db, p: Parameter<{ subject: string; authenticatorId: string }>) =>
    db.selectFrom('authenticators').select('id').where('subject', '=', p('subject')).where('id', '=', p('authenticatorId')),
  )
  const insert = prepare((db, p: Parameter<{ subject: string; jkt: string; authenticatorId: string; now: number }>) =>
    db
      .insertInto('devices')
      .values({ subject: p('subject'), jkt: p('jkt'), authenticator_id: p('authenticatorId'), bound_at: p('now') })
      .onConflict((conflict) => conflict.columns(['subject', 'jkt', 'authenticator_id']).doNothing()),
  )
  return {
    bind: async ({ subject, jkt, authenticatorId, now }) => {
      const known = await read(() => vouched.get({ subject, jkt, authenticatorId }))
      if (known !== undefined) return
      await write(() => {
        if (findAuthenticator.get({ subject, authenticatorId }) !== undefined) insert.run({ subject, jkt, authenticatorId, now })
      })
    },
    find: ({ subject, jkt }) =>
      read(() => {
        const bound = one.get({ subject, jkt }) !== undefined
        return { any: bound || any.get({ subject }) !== undefined, bound }
      }),
  }
}
