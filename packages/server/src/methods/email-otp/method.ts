import { featureRules } from '@stile/policy'
import { AUTHENTICATORS_FEATURE, type EmailCodeStart, RECOVERY_FEATURE } from '@stile/protocol'
import { StileError } from '../../error.ts'
import { refuseLocked, takeGuess } from '../../guesses/guesses.ts'
import { maskAddress } from '../../messages/address.ts'
import { budgetOf } from '../../standing/budget.ts'
import type { EvidenceDomain } from '../../standing/domain.ts'
import { attemptFailed, stepUpExpired } from '../failure.ts'
import type { AuthenticationMethod, Ceremony } from '../method.ts'
import { typedCode } from '../typed-code.ts'
import { takeMail } from './budget.ts'
import { codeDigest, makeCode } from './code.ts'
import { codeAddress } from './code-address.ts'

/** RFC 8176: a one-time password; never `mfa`, because a mailbox is no second factor. */
const AMR: readonly string[] = ['otp']

/** Codes that are sent by mail. */
export const emailOtp: AuthenticationMethod = {
  name: 'email-otp',
  isServed: ({ mail, deliver }) => mail !== undefined || deliver !== undefined,
  isEnrollable: false,
  startsAtOnce: false,

  way(_, standing, { level, methods }) {
    const address = level === 'session' ? codeAddress(standing, methods) : undefined
    return address === undefined ? undefined : { method: 'email-otp', authenticators: [], hint: maskAddress(address) }
  },

  // a code is as good as its step-up, which is open for 5 minutes at most (NIST SP 800-63B-4 §3.1.3.2 allows 10)
  async start(domain, ceremony) {
    const { record, standing } = ceremony
    const address = codeAddress(standing, ceremony.requirement.methods)
    if (address === undefined || domain.mail === undefined) throw noMailbox()
    const { id, key, expiresAt } = record
    const whose = { subject: key.subject, budget: budgetOf(standing) }
    await refuseLocked(domain, whose)
    const mail = await takeMail(domain, { ...whose, stepUp: id, expiresAt })
    const code = makeCode(domain.random)
    try {
      await domain.mail.send({
        kind: 'code',
        to: address,
        code,
        feature: labelOf(domain, ceremony),
        ...(record.operation && { operation: record.operation.params }),
        at: domain.now(),
        expiresAt,
      })
    } catch (error) {
      await mail.giveBack().catch(() => undefined)
      throw error
    }
    // the challenge is kept only now: if it could not be sent, the former one still counts
    const start: EmailCodeStart = { sentTo: maskAddress(address), resendAt: mail.resendAt, expiresAt }
    return { start, challenge: codeDigest(domain.options.secret, id, code), undo: mail.giveBack }
  },

  // the guess is taken from the budget first; the code is read and used up in one step, so that it counts once
  async prove(domain, { record, standing }, response) {
    const place = { subject: record.key.subject, budget: budgetOf(standing), ceremony: record.id }
    const code = await typedCode(domain, place, response)
    const guess = await takeGuess(domain, place)
    const challenge = codeDigest(domain.options.secret, record.id, code)
    let outcome: 'right' | 'late' | 'wrong'
    try {
      outcome = await redeem(domain, { id: record.id, method: 'email-otp', challenge })
    } catch (error) {
      await guess.forgive()
      throw error
    }
    // the right code twice, as a double click sends it, was no guess
    if (outcome === 'late') {
      await guess.forgive()
      throw stepUpExpired()
    }
    if (outcome === 'wrong') {
      await guess.wrong()
      throw attemptFailed('wrong_code', guess.left, { detail: 'The code is not right. Type the six digits of the newest mail.' })
    }
    await guess.forgive()
    return { method: 'email-otp', level: 'session', amr: AMR, authTime: domain.now() }
  },
}

async function redeem(
  { store }: Pick<EvidenceDomain, 'store'>,
  challenge: Readonly<{ id: string; method: 'email-otp'; challenge: string }>,
): Promise<'right' | 'late' | 'wrong'> {
  if ((await store.stepUps.takeChallenge(challenge)) !== null) return 'right'
  return (await store.stepUps.isOver(challenge)) ? 'late' : 'wrong'
}

function labelOf(domain: EvidenceDomain, { record }: Ceremony): string {
  if (record.feature === AUTHENTICATORS_FEATURE) return 'changing how you prove that it is you'
  if (record.feature === RECOVERY_FEATURE) return 'recovering your account'
  return featureRules(domain.policy().policy, record.feature)?.label ?? record.feature
}

function noMailbox(): StileError {
  return new StileError('method_unavailable', 'No code can be sent to you now. Choose another method.')
}
