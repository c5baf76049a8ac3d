import type { RecoveryTicket } from '@stile/protocol'
import type { Stile } from '../stile.ts'

/** Where the tab keeps it. It is no secret: the service holds the ticket, for this session on this device. */
const KEPT = 'stile:ticket'
/** How long it is taken for one that stands, in milliseconds. The service decides: its clock may differ. */
const STANDING_MS = 600_000

type KeptTicket = Readonly<{ ticket: RecoveryTicket; subject: string | undefined; until: number }>

/** Keeps the ticket of a code or link that was redeemed, so that leaving or a reload does not waste it. */
export function keepTicket(ticket: RecoveryTicket, client: Pick<Stile, 'get'>): void {
  const kept: KeptTicket = { ticket, subject: subjectOf(client), until: Date.now() + STANDING_MS }
  withStorage((storage) => storage.setItem(KEPT, JSON.stringify(kept)))
}

/** The ticket that was kept for whoever is signed in, unless it is too old. */
export async function standingTicket(client: Pick<Stile, 'get' | 'refresh'>): Promise<RecoveryTicket | undefined> {
  const { ticket, subject, until = 0 } = withStorage((storage) => JSON.parse(storage.getItem(KEPT) ?? '{}') as Partial<KeptTicket>) ?? {}
  // after a reload it may not be known yet who is signed in
  if (subject !== undefined && client.get().status === 'loading') await client.refresh()
  const isTheirs = subject !== undefined && subject === subjectOf(client)
  return isTheirs && until > Date.now() && Array.isArray(ticket?.methods) ? ticket : undefined
}

/** Forgets it: an enrolment has used it, or the service knows of none, as for another user. */
export function forgetTicket(): void {
  withStorage((storage) => storage.removeItem(KEPT))
}

function subjectOf({ get }: Pick<Stile, 'get'>): string | undefined {
  const known = get()
  return known.status === 'ready' ? known.state.subject : undefined
}

/** Uses the storage of the tab, if the browser lends it: without it a subject who leaves needs another code. */
function withStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage)
  } catch {
    return undefined
  }
}
