import type { PolicyStore, PublishedPolicyRecord } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { Tables } from '../database/schema.ts'
import type { Parameter } from '../database/statements.ts'

/** Keeps every published revision of the policy. */
export function createPolicyStore({ prepare, read, write, append }: Connection): PolicyStore {
  const newest = prepare((db) => db.selectFrom('policies').selectAll().orderBy('revision', 'desc').limit(1))
  const insert = prepare((db, p: Parameter<{ revision: number; digest: string; document: string; publishedAt: number }>) =>
    db
      .insertInto('policies')
      .values({ revision: p('revision'), digest: p('digest'), document_json: p('document'), published_at: p('publishedAt') }),
  )
  const current = () => recordOf(newest.get({}))
  return {
    current: () => read(current),
    publish: ({ digest, document, now }) =>
      write(() => {
        const former = current()
        if (former?.digest === digest) return former
        const revision = (former?.revision ?? 0) + 1
        insert.run({ revision, digest, document: JSON.stringify(document), publishedAt: now })
        append({ type: 'policy', at: now, revision, digest })
        return { revision, digest, document, publishedAt: now }
      }),
  }
}

function recordOf(row: Tables['policies'] | undefined): PublishedPolicyRecord | null {
  if (row === undefined) return null
  return { revision: row.revision, digest: row.digest, document: JSON.parse(row.document_json), publishedAt: row.published_at }
}
