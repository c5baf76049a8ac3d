import type { SubjectStore } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps the WebAuthn user handle of each subject. */
export function createSubjectStore({ prepare, read, write }: Connection): SubjectStore {
  const find = prepare((db, p: Parameter<{ subject: string }>) =>
    db.selectFrom('user_handles').select('handle').where('subject', '=', p('subject')),
  )
  const keep = prepare((db, p: Parameter<{ subject: string; handle: string }>) =>
    db
      .insertInto('user_handles')
      .values({ subject: p('subject'), handle: p('handle') })
      .onConflict((conflict) => conflict.column('subject').doNothing()),
  )
  return {
    userHandle: async (subject, candidate) => {
      const known = await read(() => find.get({ subject }))
      if (known !== undefined) return known.handle
      return write(() => {
        keep.run({ subject, handle: candidate })
        return find.get({ subject })?.handle ?? candidate
      })
    },
  }
}
