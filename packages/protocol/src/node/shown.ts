/** The longest name that is shown, in characters. */
const LONGEST_NAME = 100
/** Letters, digits and what names and URLs without a query hold. */
const NAME = /^[\w.:/@|+~ -]+$/
/** How a token or a key begins: whoever put one where a name belongs must not find it in a log. */
const CREDENTIAL = /^(?:eyJ|stile_[a-z]+_)/

/** A name that somebody sent, for a message: quoted and bounded. What cannot be a name, or looks like a credential, is described. */
export function shownName(name: unknown): string {
  if (name === undefined) return 'none'
  if (typeof name !== 'string' || !NAME.test(name) || CREDENTIAL.test(name)) return 'something that is no name'
  return name.length > LONGEST_NAME ? `"${name.slice(0, LONGEST_NAME)}…"` : `"${name}"`
}

/** The code of the system error below an error of `fetch`, such as `ECONNREFUSED`. `undefined` if there is none. */
export function networkCodeOf(error: unknown): string | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    const { code } = each as { code?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code
  }
  return undefined
}
