/** The header that names one request in answers and logs. */
export const REQUEST_ID = 'X-Request-ID'

/**
 * The id of a request: the one that a proxy in front gave it, or a new one.
 *
 * Only letters, digits, dot, underscore and hyphen are taken over, at most 64, so that nobody can write a line of their own into a log.
 */
export function requestId(presented: string | undefined, random: (bytes: number) => Uint8Array): string {
  if (presented !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(presented)) return presented
  return `req_${Buffer.from(random(16)).toString('base64url')}`
}
