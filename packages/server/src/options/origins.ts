const WILDCARD = /^(https?):\/\/\*\.([a-z0-9.-]+(?::\d+)?)$/

/** Whether a pattern of the configuration stands for more than one origin: `*` or `https://*.example.com`. */
export function isWildcard(pattern: string): boolean {
  return pattern.includes('*')
}

/** Whether a string is an origin exactly as browsers send it: scheme, host and port, in lower case, nothing behind. */
export function isOrigin(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === value
}

/** Whether a string is a pattern that {@link matchesOrigin} understands. */
export function isOriginPattern(value: string): boolean {
  if (value === '*') return true
  const match = WILDCARD.exec(value)
  return match !== null && isOrigin(`${match[1]}://a.${match[2]}`)
}

/** Whether the origin of a request is the one that the configuration names, or one of those that its pattern stands for. */
export function matchesOrigin(pattern: string, origin: string): boolean {
  if (!isWildcard(pattern)) return pattern === origin
  if (!isOrigin(origin)) return false
  if (pattern === '*') return true
  const match = WILDCARD.exec(pattern)
  if (match === null) return false
  return origin.startsWith(`${match[1]}://`) && origin.endsWith(`.${match[2]}`)
}

/** Whether a URL stays on this machine, where plain http is as safe as https. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname.endsWith('.localhost') || url.hostname === '127.0.0.1' || url.hostname === '[::1]'
}
