import type { SealedKind, SealedRecord, SealedStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter, Statement } from '../database/statements.ts'

type Page = { after: string; from: string; to: string; limit: number }
type Replacement = { id: string; from: string; to: string }

/** Finds and replaces what is sealed. */
export function createSealedStore({ prepare, read, write, append }: Connection): SealedStore {
  const pages: Readonly<Record<SealedKind, Statement<Page, SealedRecord>>> = {
    'signing-key': prepare((db, p: Parameter<Page>) =>
      db
        .selectFrom('signing_keys')
        .select(({ val }) => ['kid as id', val('').as('subject'), 'sealed_private_jwk as sealed'])
        .where('kid', '>', p('after'))
        .where(({ or, eb }) => or([eb('sealed_private_jwk', '<', p('from')), eb('sealed_private_jwk', '>=', p('to'))]))
        .orderBy('kid')
        .limit(p('limit')),
    ),
    authenticator: prepare((db, p: Parameter<Page>) =>
      db
        .selectFrom('authenticators')
        .select(['id', 'subject', 'sealed_secret as sealed'])
        .$narrowType<{ sealed: string }>()
        .where('id', '>', p('after'))
        .where(({ or, eb }) => or([eb('sealed_secret', '<', p('from')), eb('sealed_secret', '>=', p('to'))]))
        .orderBy('id')
        .limit(p('limit')),
    ),
    registration: prepare((db, p: Parameter<Page>) =>
      db
        .selectFrom('registrations')
        .select(['id', 'subject', 'secret as sealed'])
        .where('method', '=', 'totp')
        .where('id', '>', p('after'))
        .where(({ or, eb }) => or([eb('secret', '<', p('from')), eb('secret', '>=', p('to'))]))
        .orderBy('id')
        .limit(p('limit')),
    ),
    'sign-in': prepare((db, p: Parameter<Page>) =>
      db
        .selectFrom('step_up_challenges')
        .innerJoin('step_ups', 'step_ups.id', 'step_up_challenges.step_up_id')
        .select(['step_ups.id as id', 'step_ups.subject as subject', 'challenge as sealed'])
        .where('method', '=', 'relogin')
        .where('step_ups.id', '>', p('after'))
        .where(({ or, eb }) => or([eb('challenge', '<', p('from')), eb('challenge', '>=', p('to'))]))
        .orderBy('step_ups.id')
        .limit(p('limit')),
    ),
    setting: prepare((db, p: Parameter<Page>) =>
      db
        .selectFrom('settings')
        .select(({ val }) => ['name as id', val('').as('subject'), 'value as sealed'])
        .where('name', 'like', 'sealed.%')
        .where('name', '>', p('after'))
        .where(({ or, eb }) => or([eb('value', '<', p('from')), eb('value', '>=', p('to'))]))
        .orderBy('name')
        .limit(p('limit')),
    ),
  }
  const replacements: Readonly<Record<SealedKind, Statement<Replacement, unknown>>> = {
    'signing-key': prepare((db, p: Parameter<Replacement>) =>
      db
        .updateTable('signing_keys')
        .set({ sealed_private_jwk: p('to') })
        .where('kid', '=', p('id'))
        .where('sealed_private_jwk', '=', p('from')),
    ),
    authenticator: prepare((db, p: Parameter<Replacement>) =>
      db
        .updateTable('authenticators')
        .set({ sealed_secret: p('to') })
        .where('id', '=', p('id'))
        .where('sealed_secret', '=', p('from')),
    ),
    registration: prepare((db, p: Parameter<Replacement>) =>
      db
        .updateTable('registrations')
        .set({ secret: p('to') })
        .where('id', '=', p('id'))
        .where('secret', '=', p('from')),
    ),
    'sign-in': prepare((db, p: Parameter<Replacement>) =>
      db
        .updateTable('step_up_challenges')
        .set({ challenge: p('to') })
        .where('step_up_id', '=', p('id'))
        .where('challenge', '=', p('from')),
    ),
    setting: prepare((db, p: Parameter<Replacement>) =>
      db
        .updateTable('settings')
        .set({ value: p('to') })
        .where('name', '=', p('id'))
        .where('value', '=', p('from')),
    ),
  }
  const set = prepare((db, p: Parameter<{ name: string; value: string }>) =>
    db
      .insertInto('settings')
      .values({ name: p('name'), value: p('value') })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(({ ref }) => ({ value: ref('excluded.value') }))),
  )
  return {
    list: ({ kind, prefix, after, limit }) => read(() => pages[kind].all({ after, from: prefix, to: textAfter(prefix), limit })),
    replace: ({ kind, ...replacement }) => write(() => replacements[kind].run(replacement) === 1),
    announce: ({ name, value, change }) =>
      write(() => {
        set.run({ name, value })
        append(change)
      }),
  }
}

/** The first text, byte by byte, that comes after all those with a prefix. */
function textAfter(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
