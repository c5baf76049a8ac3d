import type { ChangeStream } from '../changes/stream.ts'
import type { Options } from '../options/options.ts'
import type { CallerReader } from '../sessions/authenticate.ts'
import type { Domain } from '../tokens/domain.ts'

/** What a running service is made of. */
export type Running = Readonly<{ domain: Domain; callers: CallerReader; stream: ChangeStream }>

/** What the HTTP layer gets passed in. */
export type HttpContext = Readonly<{
  options: Options
  /** Resolves when the service can answer; rejects if it could not start. */
  running: () => Promise<Running>
  /** Whether an error came out of the store. */
  storeFailed: (error: unknown) => boolean
  /** Logs a fault that no answer can tell of any more. */
  reportFault: (fault: unknown, message: string) => void
  /** Whether the service is on its way down. */
  closing: () => boolean
  /** Calls back when the service shuts down; answers how to forget the listener. */
  onClose: (listener: () => void) => () => void
}>
