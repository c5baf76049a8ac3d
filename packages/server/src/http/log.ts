import type { Log } from '../options/schema.ts'

/** What is known of a request when it has been answered. */
export type RequestEntry = Readonly<{
  requestId: string
  method: string
  /** The path within the router, without the query. */
  path: string
  status: number
  /** Milliseconds from arrival to the end of the answer. */
  durationMs: number
  /** The problem code, if the answer is a problem. */
  code?: string
  /** What a fault of the set-up is, as the client is told; it never quotes a credential. */
  detail?: string
  /** Why the service is at fault; never sent to the client. */
  fault?: unknown
  /** Whether the fault was told before: it is then left to a line of level `debug`. */
  isTold?: boolean
  /** Whether the client went away before the answer was complete. */
  aborted?: true
}>

/**
 * Writes one line per request.
 *
 * The line is built from the fields above and what an error tells the log: headers, queries and bodies never reach it whole, so there is
 * nothing to redact. A path that
 * could carry something typed by mistake is cut.
 */
export function logRequest(log: Log, { fault, isTold, path, ...entry }: RequestEntry): void {
  const told = { ...entry, path: path.slice(0, 256) }
  const line = fault === undefined || isTold ? told : { ...told, fault: describeFault(fault) }
  if (fault !== undefined && isTold) log.debug({ requestId: entry.requestId, fault: describeFault(fault) }, 'why the request failed')
  if (entry.status >= 500) log.error(line, 'request failed')
  // how every client learns a nonce (RFC 9449 §8): nothing is wrong
  else if (entry.code === 'use_dpop_nonce') log.debug(line, 'request to be repeated with a nonce')
  else if (entry.status >= 400) log.warn(line, 'request refused')
  else log.info(line, 'request')
}

/** What a log says of an error: its name, message, code and where it came from. */
export function describeFault(fault: unknown): Readonly<Record<string, unknown>> {
  if (!(fault instanceof Error)) return { name: typeof fault }
  const { name, message, stack, cause } = fault
  const code = (fault as { code?: unknown }).code
  return {
    name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describeFault(cause) }),
  }
}
