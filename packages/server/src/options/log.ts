import { type DestinationStream, type Logger, pino } from 'pino'

/** Members that never reach a log, no matter who puts them there and how deep (to three levels). */
const HIDDEN = ['authorization', 'cookie', 'dpop', 'token', 'secret', 'password', 'key', 'proof']

/**
 * The service's logger: JSON lines on standard output.
 *
 * Nothing that the service logs holds a credential; this is the second wall, for what a dependency or a later line might add.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const paths = HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const options = { level, redact: { paths, censor: '(hidden)' } }
  return destination ? pino(options, destination) : pino(options)
}
