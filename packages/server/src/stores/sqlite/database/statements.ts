import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type Compilable, DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Tables } from './schema.ts'

/** A statement that was compiled and prepared once; it runs at once and on the thread. */
export interface Statement<P, R> {
  all(parameters: P): R[]
  get(parameters: P): R | undefined
  /** How many rows it changed. */
  run(parameters: P): number
}

/** Stands for a value that is known only when the statement runs. */
export type Parameter<P> = <K extends keyof P & string>(name: K) => P[K]

/** Compiles a typed query and prepares it. */
export type Prepare = <P extends Readonly<Record<string, SQLInputValue>>, R>(
  build: (db: Kysely<Tables>, parameter: Parameter<P>) => Compilable<R>,
) => Statement<P, R>

class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Kysely writes the SQL, once; the database runs it. */
export function createPrepare(database: DatabaseSync): Prepare {
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  return (build) => {
    // a slot travels through the query as an opaque value and comes out among the parameters, in their order
    const { sql, parameters } = build(db, (name) => new Slot(name) as never).compile()
    const statement = database.prepare(sql)
    const bind = (values: Readonly<Record<string, SQLInputValue>>): SQLInputValue[] =>
      parameters.map((each) => (each instanceof Slot ? (values[each.name] as SQLInputValue) : (each as SQLInputValue)))
    return {
      all: (values) => statement.all(...bind(values)) as never,
      get: (values) => statement.get(...bind(values)) as never,
      run: (values) => Number(statement.run(...bind(values)).changes),
    }
  }
}
