import type { DatabaseSync } from 'node:sqlite'

/** A database that counts its commits. */
export function countCommits(database: DatabaseSync): Readonly<{ database: DatabaseSync; commits: () => number }> {
  let commits = 0
  const counting = new Proxy(database, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'prepare') return member.bind(target)
      return (sql: string) => {
        const statement = target.prepare(sql)
        if (sql !== 'COMMIT') return statement
        return {
          run: () => {
            commits += 1
            return statement.run()
          },
        }
      }
    },
  })
  return { database: counting, commits: () => commits }
}
