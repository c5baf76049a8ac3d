import type { Stile } from '@stile/browser'

/** Who is signed in; `undefined` while nobody knows. */
export function subjectOf({ get }: Pick<Stile, 'get'>): string | undefined {
  const known = get()
  return known.status === 'ready' ? known.state.subject : undefined
}
