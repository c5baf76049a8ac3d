import type { DeviceRecord, DeviceStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'
import { createDropOfDevice } from './belongings.ts'
import { hasProven, isSignedIn } from './earned.ts'
import { createEndedKeys } from './ended-keys.ts'
import { createLoginsUntil } from './ended-sessions.ts'
import { createForgetting, FORGOTTEN } from './forgotten-devices.ts'
import { createLogins } from './logins.ts'
import { createUseOperation } from './operations.ts'
import { createEndings, createHasEnded } from './session-ends.ts'
import { ALL_SESSIONS } from './session-key.ts'

/** A device that was seen is written again when it was last written this many seconds ago. */
const SEEN_SECONDS = 3600

/** Keeps the device keys of subjects: which are known, what they call themselves, when they were seen. */
export function createDeviceStore(connection: Connection): DeviceStore {
  const { prepare, read, write, append, enqueue } = connection
  const use = createUseOperation(connection)
  const { end, signOut } = createEndings(connection)
  const endedKeys = createEndedKeys(connection)
  const loginsUntil = createLoginsUntil(connection)
  const { handOver } = createLogins(connection)
  const hasEnded = createHasEnded(connection)
  const { forget: forgetDevice } = createForgetting(connection)
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
  const sighting = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db.selectFrom('device_sightings').select(['name', 'last_seen_at']).where('subject', '=', p('subject')).where('jkt', '=', p('jkt')),
  )
  const putSighting = prepare((db, p: Parameter<{ subject: string; jkt: string; name: string | null; now: number }>) =>
    db
      .insertInto('device_sightings')
      .values({ subject: p('subject'), jkt: p('jkt'), name: p('name'), first_seen_at: p('now'), last_seen_at: p('now') })
      .onConflict((conflict) =>
        conflict.columns(['subject', 'jkt']).doUpdateSet(({ ref }) => ({
          name: ref('excluded.name'),
          last_seen_at: ref('excluded.last_seen_at'),
          looked_at: null,
        })),
      ),
  )
  const sightings = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('device_sightings').select(['jkt', 'name', 'first_seen_at', 'last_seen_at']).where('subject', '=', p('subject')),
  )
  const bound = prepare((db, p: Parameter<{ subject: string; forgotten: string }>) =>
    db
      .selectFrom('devices')
      .select(({ fn }) => ['jkt', fn.min('bound_at').as('bound_at')])
      .where('subject', '=', p('subject'))
      .where('jkt', '!=', p('forgotten'))
      .groupBy('jkt'),
  )
  const openIn = prepare((db, p: Parameter<{ subject: string; now: number }>) =>
    db
      .selectFrom('sessions')
      .select((row) => [
        'jkt',
        row.fn.min('created_at').as('created_at'),
        row.fn.max('seen_at').as('seen_at'),
        row.fn.max<number>(row.case().when(isSignedIn(row)).then(1).else(0).end()).as('signed_in'),
        row.fn.max<number>(row.case().when(hasProven(row)).then(1).else(0).end()).as('proven'),
      ])
      .where('subject', '=', p('subject'))
      .where('expires_at', '>', p('now'))
      .groupBy('jkt'),
  )
  const namesOf = prepare((db, p: Parameter<{ subject: string; jkt: string }>) =>
    db.selectFrom('sessions').select('sid').where('subject', '=', p('subject')).where('jkt', '=', p('jkt')).orderBy('sid'),
  )
  const dropDevice = createDropOfDevice(connection)

  return {
    bind: async ({ key, authenticatorId, provenAt, now }) => {
      const { subject, jkt } = key
      const known = await read(() => vouched.get({ subject, jkt, authenticatorId }))
      if (known !== undefined) return
      await write(() => {
        if (hasEnded(key, provenAt) || findAuthenticator.get({ subject, authenticatorId }) === undefined) return
        insert.run({ subject, jkt, authenticatorId, now })
      })
    },
    find: ({ subject, jkt }) =>
      read(() => {
        const isBound = one.get({ subject, jkt }) !== undefined
        return { any: isBound || any.get({ subject }) !== undefined, bound: isBound }
      }),
    see: async ({ subject, jkt, name = null, now, readsOnly = false }) => {
      const seen = await read(() => sighting.get({ subject, jkt }))
      if (seen !== undefined && seen.name === name && now < seen.last_seen_at + SEEN_SECONDS) return true
      if (!readsOnly) await write(() => void putSighting.run({ subject, jkt, name, now }))
      return !readsOnly
    },
    list: ({ subject, now }) =>
      read(() => {
        const seen = new Map(sightings.all({ subject }).map((row) => [row.jkt, row]))
        const open = new Map(openIn.all({ subject, now }).map((row) => [row.jkt, row]))
        const known = new Map(bound.all({ subject, forgotten: FORGOTTEN }).map((row) => [row.jkt, row]))
        const devices = [...new Set([...known.keys(), ...open.keys()])].map((jkt): DeviceRecord => {
          const { name, first_seen_at, last_seen_at } = seen.get(jkt) ?? {}
          const session = open.get(jkt)
          const boundAt = known.get(jkt)?.bound_at
          const times = [first_seen_at, last_seen_at, boundAt, session?.created_at, session?.seen_at].filter((each) => each !== undefined)
          return {
            jkt,
            ...(name && { name }),
            firstSeenAt: Math.min(...times),
            lastSeenAt: Math.max(...times),
            known: boundAt !== undefined,
            signedIn: session?.signed_in === 1,
            proven: session?.proven === 1,
          }
        })
        return devices.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt || (a.jkt < b.jkt ? -1 : 1))
      }),
    forget: ({ subject, jkt, except, signedOut, now, change, notices, operation }) =>
      write(() => {
        if (operation !== undefined && !use(operation)) return false
        // what the key has proven still tells whether its end is remembered
        if (signedOut !== undefined)
          for (const { sid } of namesOf.all({ subject, jkt })) {
            const isHere = sid === signedOut.sid
            const reopensAfter = isHere ? (signedOut.reopensAfter ?? null) : now
            signOut({ subject, sid, signedOut: { jkt, confirmed: isHere && signedOut.confirmed }, now, reopensAfter })
          }
        const wasKnown = forgetDevice({ subject, jkt, now })
        // a key that signs itself out and was never known: whoever has a token would leave one end after another behind
        if (signedOut === undefined || wasKnown)
          endedKeys.mark({ subject, sid: ALL_SESSIONS, jkt }, { now, reopensAfter: loginsUntil({ subject, now }) })
        if (except !== undefined) {
          const { sid } = except
          endedKeys.mark({ subject, sid, jkt }, { now, reopensAfter: loginsUntil({ subject, sid, now }) })
          handOver({ subject, sid, jkt }, except.jkt)
        }
        for (const { sid } of namesOf.all({ subject, jkt })) if (sid !== except?.sid) end({ subject, sid, now, reopensAfter: now })
        dropDevice({ subject, jkt })
        append(change)
        enqueue(notices)
        return true
      }),
  }
}
