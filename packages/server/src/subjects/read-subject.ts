import type { Authenticator, Recovery } from '@stile/protocol'
import { devicesOf, type ListedDevice } from '../devices/devices.ts'
import { namedSubject } from '../input/name.ts'
import { recoveryOf } from '../recovery/index.ts'
import { countsNow, publicAuthenticator } from '../standing/counted.ts'
import type { EvidenceDomain } from '../standing/domain.ts'

/** What support sees of a subject: nothing that proves anything. */
export type SubjectSummary = Readonly<{
  subject: string
  authenticators: readonly Authenticator[]
  /** At most 100: those that are known, signed in on, or have proven anything, in this order, then all others; seen last first each. */
  devices: readonly ListedDevice[]
  recovery: Recovery
  /** How many are open, one for each device. */
  sessions: number
}>

/**
 * Reads a subject; one who was never seen has nothing.
 *
 * @throws {StileError} `invalid_request`
 */
export async function readSubject(domain: EvidenceDomain, text: string): Promise<SubjectSummary> {
  const subject = namedSubject(domain, text)
  const { store, now } = domain
  const [authenticators, devices, recovery, sessions] = await Promise.all([
    store.authenticators.list(subject),
    devicesOf(domain, subject),
    recoveryOf(domain, subject),
    store.sessions.list({ subject, now: now() }),
  ])
  return {
    subject,
    authenticators: authenticators.map((record) => publicAuthenticator(countsNow(domain, record))),
    devices,
    recovery,
    sessions: sessions.length,
  }
}
