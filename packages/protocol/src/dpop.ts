// A global of every runtime that this package knows; its types belong to none of the libraries it is compiled with.
declare const URL: new (url: string) => { protocol: string; origin: string; pathname: string; username: string; password: string }

/**
 * The form in which two `htu` are compared: scheme and host in lower case, no default port, no query, no fragment (RFC 9449 §4.3 step 9).
 *
 * What is no absolute http(s) URL, or carries a user name or password, is returned as it is and so equals no normal form. Never throws.
 */
export function normalizeHtu(url: string): string {
  try {
    const { protocol, origin, pathname, username, password } = new URL(url)
    return /^https?:$/.test(protocol) && !username && !password ? origin + pathname : url
  } catch {
    return url
  }
}
