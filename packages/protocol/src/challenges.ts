/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.3). */
export type Challenge = Readonly<{
  /** In lower case. */
  scheme: string
  token68?: string
  /** Names in lower case, values unquoted; without a prototype. */
  params: Readonly<Record<string, string>>
}>

/** Longer headers are not read: servers send at most a few hundred characters. */
const MAX_LENGTH = 16384

// Neither a quoted string nor anything else of a header may hold one (RFC 9110 §5.6.4).
const CONTROL = /[^\t -~\x80-\uFFFF]/
// An element of the list: quoted strings keep their commas. Every branch can take any rest, so that nothing is tried twice.
const ELEMENTS = /(?:[^",]|"(?:[^"\\]|\\.?)*"?)+/gs
// [scheme] [name = (token | "quoted") | token68]
const ELEMENT =
  /^(?:([\w!#$%&'*+.^`|~-]+)(?:[ \t]+|$))?(?:([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")|([\w.~+/-]+=*))?$/s

/**
 * Reads every challenge of a `WWW-Authenticate` header, in the order in which they stand (RFC 9110 §11.6.1).
 *
 * A challenge that names a parameter twice (§11.2), breaks the grammar or holds a control character is dropped; the others stay. Takes
 * linear time and never throws, whatever the header says.
 */
export function parseChallenges(header: string | null | undefined): Challenge[] {
  const found = new Set<Challenge>()
  let current: { scheme: string; token68?: string; params: Record<string, string> } | undefined
  for (const element of (header && header.length <= MAX_LENGTH && header.match(ELEMENTS)) || []) {
    const [matched, scheme, name, token, quoted, token68] = ELEMENT.exec(element.trim()) ?? []
    if (scheme) {
      current = { scheme: scheme.toLowerCase(), params: Object.create(null) as Record<string, string> }
      found.add(current)
    }
    const key = name?.toLowerCase()
    if (!current) continue
    const broken =
      matched === undefined || CONTROL.test(element) || (token68 && !scheme) || (key && (current.token68 || key in current.params))
    if (broken) found.delete(current)
    else if (token68) current.token68 = token68
    else if (key) current.params[key] = token ?? (quoted as string).replace(/\\(.)/gs, '$1')
  }
  return [...found]
}
