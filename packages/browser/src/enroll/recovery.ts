import type { Recovery, RecoveryTicket } from '@stile/protocol'
import { type EnrollmentClient, gated } from './gated.ts'

/** What a subject falls back on where nothing enrolled is at hand. */
export type RecoveryRoom = Readonly<{
  /** How many codes are left, and where notices go. Throws `StileError`. */
  status: () => Promise<Recovery>
  /**
   * Makes ten codes and answers them for the only time; former ones count no longer. Gated like adding an authenticator. Throws
   * `StileError`.
   */
  makeCodes: () => Promise<readonly string[]>
  /**
   * Redeems a code, as typed, or the token of a link. Signs in again first, where the service asks for it; the code is not used before. The
   * answer lets one authenticator be enrolled in this session on this device. Throws `StileError`, such as `recovery_failed`.
   */
  redeem: (proof: Readonly<{ code: string }> | Readonly<{ link: string }>) => Promise<RecoveryTicket>
}>

const PATH = '/v1/recovery'

/** Creates the recovery of a subject over a client. */
export function createRecovery(stile: EnrollmentClient): RecoveryRoom {
  return {
    status: async () => (await stile.request('GET', PATH)) as Recovery,
    makeCodes: async () => {
      const { codes } = (await gated(stile, () => stile.request('POST', `${PATH}/codes`, {}))) as { codes: readonly string[] }
      return codes
    },
    redeem: async (proof) => {
      const ticket = (await gated(stile, () => stile.request('POST', PATH, proof))) as RecoveryTicket
      // it ended every other session, and may have opened enrolment
      await stile.refresh()
      return ticket
    },
  }
}
