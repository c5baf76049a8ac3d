import type { IssuedToken } from '@stile/protocol'
import type { ReactElement } from 'react'

/** What the assurance token says. Only its claims are shown: the token itself stays in memory. */
export function Token({ issued }: Readonly<{ issued: IssuedToken }>): ReactElement {
  return (
    <section>
      <h2>Assurance token</h2>
      <textarea
        className="file"
        readOnly
        rows={14}
        aria-label="Claims of the assurance token"
        data-testid="claims"
        value={JSON.stringify(claimsOf(issued.token), null, 2)}
      />
    </section>
  )
}

function claimsOf(token: string): unknown {
  try {
    const payload = token.split('.')[1] ?? ''
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return { unreadable: true }
  }
}
