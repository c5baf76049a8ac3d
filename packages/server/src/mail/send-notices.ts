import type { Notice, SeveralNotices } from '../messages/message.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { ClaimedNotice } from '../stores/store.ts'

/** How long one process keeps a notice to itself, in seconds: longer than sending the few that it claims at once can take. */
export const LEASE_SECONDS = 120
/** How many notices are claimed at once. */
const BATCH = 5
/** The wait before the second attempt, in seconds; each further one waits twice as long, at most {@link LONGEST_WAIT_SECONDS}. */
const FIRST_WAIT_SECONDS = 30
const LONGEST_WAIT_SECONDS = 3600
/** After this a notice is dropped, in seconds: it would tell of yesterday. */
const GIVE_UP_SECONDS = 86_400

/**
 * Sends the notices that are due, those of processes that died included. One that cannot be sent is tried again with growing waits for 24
 * hours, then it is logged and dropped.
 *
 * @param keepOn  asked before each batch, so that a service that shuts down stops
 */
export async function sendNotices(
  domain: Pick<FactsDomain, 'store' | 'now' | 'mail' | 'options'>,
  keepOn: () => boolean = () => true,
): Promise<void> {
  if (domain.mail === undefined) return
  while (keepOn()) {
    const notices = await domain.store.outbox.claim({ now: domain.now(), leaseSeconds: LEASE_SECONDS, limit: BATCH })
    await Promise.all(notices.map((notice) => sendNotice(domain, notice)))
    if (notices.length < BATCH) return
  }
}

async function sendNotice(
  { mail, store, now, options: { log } }: Parameters<typeof sendNotices>[0],
  { id, to, kind, data, at, attempt }: ClaimedNotice,
): Promise<void> {
  try {
    // the store keeps what it was given for the kind
    const notice = { kind, data } as Notice | SeveralNotices
    await mail?.send({ ...notice, to, at })
  } catch {
    const dueAt = now() + Math.min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS)
    if (dueAt < at + GIVE_UP_SECONDS) return store.outbox.postpone({ id, attempt, dueAt })
    log.warn({ notice: id, kind, attempts: attempt }, 'a notice could not be sent for a day and was dropped')
  }
  await store.outbox.done({ id })
}
