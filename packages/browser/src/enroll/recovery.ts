import type { Recovery, RecoveryTicket } from '@stile/protocol'
import { StileError } from '../base.ts'
import { type EnrollmentClient, gated } from './gated.ts'
import { keepTicket, standingTicket } from './ticket.ts'

/** The recovery of a subject who has nothing enrolled at hand: codes, links and what is left of them. */
export type RecoveryClient = Readonly<{
  /** How many codes are left, and where notices go. Throws `StileError`. */
  status: () => Promise<Recovery>
  /**
   * Makes ten codes and returns them for the only time; former codes no longer work. Gated like adding an authenticator. Throws
   * `StileError`.
   */
  makeCodes: () => Promise<readonly string[]>
  /**
   * Redeems a code, as typed, or the token of a link. If the service asks for it, the subject signs in again first, before the code is used.
   * The answer lets one authenticator be enrolled in this session on this device. Throws `StileError`, such as `recovery_failed`.
   */
  redeem: (proof: Readonly<{ code: string }> | Readonly<{ link: string }>) => Promise<RecoveryTicket>
  /** The ticket of a code or link that was redeemed in this tab and not used for an enrolment yet, also before a reload. */
  standingTicket: () => Promise<RecoveryTicket | undefined>
}>

const PATH = '/v1/recovery'

/** Creates the recovery of a subject over a client. */
export function createRecovery(stile: EnrollmentClient): RecoveryClient {
  return {
    status: async () => (await stile.request('GET', PATH)) as Recovery,
    makeCodes: async () => {
      const made = (await gated(stile, () => stile.request('POST', `${PATH}/codes`, {}))) as { codes: readonly string[] } | null
      if (!Array.isArray(made?.codes)) throw new StileError('service_unavailable')
      return made.codes
    },
    redeem: async (proof) => {
      const ticket = (await gated(stile, () => stile.request('POST', PATH, proof))) as RecoveryTicket
      // it ended every other session, and may have opened enrolment
      await stile.refresh()
      keepTicket(ticket, stile)
      return ticket
    },
    standingTicket: () => standingTicket(stile),
  }
}
