import type { SettingStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps single values by name. */
export function createSettingStore({ prepare, read, write }: Connection): SettingStore {
  const find = prepare((db, p: Parameter<{ name: string }>) => db.selectFrom('settings').select('value').where('name', '=', p('name')))
  const pin = prepare((db, p: Parameter<{ name: string; value: string }>) =>
    db
      .insertInto('settings')
      .values({ name: p('name'), value: p('value') })
      .onConflict((conflict) => conflict.column('name').doNothing()),
  )
  const set = prepare((db, p: Parameter<{ name: string; value: string }>) =>
    db
      .insertInto('settings')
      .values({ name: p('name'), value: p('value') })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') }))),
  )
  return {
    get: (name) => read(() => find.get({ name })?.value ?? null),
    pin: async ({ name, value }) => {
      const known = await read(() => find.get({ name }))
      if (known !== undefined) return known.value
      return write(() => {
        pin.run({ name, value })
        return find.get({ name })?.value ?? value
      })
    },
    set: ({ name, value }) =>
      write(() => {
        set.run({ name, value })
      }),
  }
}
