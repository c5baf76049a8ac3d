const MEMBER = 'stile-recovery'
const KEPT = 'quarterly.recovery'

/**
 * The token of a recovery link, taken out of the address so that it stays in no history.
 *
 * Signing in at the identity provider leaves the page in between, so it is kept for this tab until it is used.
 */
export function takeRecoveryLink(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get(MEMBER)
  if (token !== null) {
    history.replaceState(null, '', location.pathname)
    sessionStorage.setItem(KEPT, token)
  }
  return location.pathname === '/recover' ? (sessionStorage.getItem(KEPT) ?? undefined) : undefined
}

/** Forgets the token, and the page that it was for. */
export function forgetRecoveryLink(): void {
  sessionStorage.removeItem(KEPT)
  if (location.pathname === '/recover') history.replaceState(null, '', '/')
}
