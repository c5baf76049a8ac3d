import { wayByAuthenticator } from '../authenticator-way.ts'
import { attemptFailed } from '../failure.ts'
import { takeGuess } from '../limits.ts'
import type { MethodRoom } from '../room.ts'
import { normalizeCode, TOTP_AMR, verifyTotp } from './totp.ts'

/** Codes of an authenticator app. */
export const totpRoom: MethodRoom = {
  method: 'totp',
  isServed: () => true,
  isEnrollable: true,
  isGuessable: true,
  way: (_, standing, requirement) => wayByAuthenticator('totp', standing, requirement),

  // the guess is taken from the budget first and given back where it was none or could not be judged
  async prove(domain, { record, way }, response) {
    const { store, sealer } = domain
    const guess = await takeGuess(domain, { subject: record.key.subject, ceremony: record.id })
    const code = normalizeCode((response as { code?: unknown } | null | undefined)?.code)
    const now = domain.now()
    const result = await verifyTotp({ code, authenticators: way.authenticators, sealer, store, now }).catch(async (error) => {
      await guess.forgive()
      throw error
    })
    if (!result.ok && result.failure === 'wrong_code') throw attemptFailed('wrong_code', guess.left)
    await guess.forgive()
    // a code that was used was no guess: a double click or a retry after a failing store sends it
    if (!result.ok) throw attemptFailed(result.failure, guess.left + 1)
    return { method: 'totp', level: 'mfa', amr: TOTP_AMR, authTime: now, authenticatorId: result.authenticator.id }
  },
}
