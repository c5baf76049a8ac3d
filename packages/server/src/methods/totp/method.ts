import { takeGuess } from '../../guesses/guesses.ts'
import { budgetOf } from '../../standing/budget.ts'
import { attemptFailed, stepUpExpired } from '../failure.ts'
import type { AuthenticationMethod } from '../method.ts'
import { wayByAuthenticator } from '../method.ts'
import { typedCode } from '../typed-code.ts'
import { TOTP_AMR, verifyTotp } from './totp.ts'

/** Codes of an authenticator app. */
export const totp: AuthenticationMethod = {
  name: 'totp',
  isServed: () => true,
  isEnrollable: true,
  startsAtOnce: true,
  way: (_, standing, requirement) => wayByAuthenticator('totp', standing, requirement),

  // the guess is taken from the budget first and given back if it was none or could not be judged
  async prove(domain, { record, standing, way }, response) {
    const { store, sealer, options } = domain
    const ids = way.authenticators.map(({ id }) => id)
    const place = { subject: record.key.subject, budget: budgetOf(standing), ceremony: record.id }
    const code = await typedCode(domain, place, response)
    const guess = await takeGuess(domain, { ...place, authenticators: ids })
    const now = domain.now()
    const authenticators = way.authenticators.filter(({ id }) => guess.authenticators.includes(id))
    const { windowSteps } = options.totp
    const result = await verifyTotp({ code, authenticators, sealer, store, now, windowSteps }).catch(async (error) => {
      await guess.forgive()
      throw error
    })
    if (!result.ok && result.failure === 'wrong_code') {
      await guess.wrong()
      throw attemptFailed('wrong_code', guess.left)
    }
    // a code that was used was no guess: a double click or a retry after a failing store sends it
    if (!result.ok) {
      await guess.forgive()
      if (await store.stepUps.isOver({ id: record.id, method: 'totp' })) throw stepUpExpired()
      throw attemptFailed(result.failure, guess.left + 1)
    }
    await guess.forgive(result.authenticator.id)
    return { method: 'totp', level: 'mfa', amr: TOTP_AMR, authTime: now, authenticatorId: result.authenticator.id }
  },
}
