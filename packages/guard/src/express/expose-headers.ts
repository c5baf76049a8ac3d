import type { ServerResponse } from 'node:http'
import { EXPOSED_HEADERS } from '@stile/protocol'

const NAME = 'Access-Control-Expose-Headers'

/**
 * Lets scripts of other origins read the guard's challenges: adds to what the application exposes and takes nothing away.
 *
 * It opens nothing by itself: which origins may read an answer at all is the application's own CORS configuration.
 */
export function exposeHeaders(response: ServerResponse): void {
  const before = response.getHeader(NAME)
  const names = splitNames(Array.isArray(before) ? before.join(',') : String(before ?? ''))
  const known = new Set(names.map((name) => name.toLowerCase()))
  const missing = splitNames(EXPOSED_HEADERS).filter((name) => !known.has(name.toLowerCase()))
  response.setHeader(NAME, [...names, ...missing].join(', '))
}

function splitNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
