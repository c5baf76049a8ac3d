import { featureRules } from '@stile/policy'
import { assemble } from './assemble.ts'
import type { Need } from './authorize.ts'
import { DPOP_NONCE } from './device-proof/nonces.ts'
import { GuardError } from './options/error.ts'
import { checkOptions, type GuardOptions } from './options/options.ts'
import { type Identity, readIdentity } from './requests/identity.ts'
import type { GuardRequest } from './requests/request.ts'
import { internal, keyRefused, type Refused, unauthenticated, unavailable } from './results/refusal.ts'
import type { GuardPass, GuardResult } from './results/result.ts'

/** Enforcement in an API, with no framework. */
export type Guard<F extends string = string, R = unknown> = Readonly<{
  /**
   * Decides one request for one feature. Never throws and never rejects: what goes wrong is a refusal.
   *
   * A device proof counts once: ask for a second feature of the same request with the same `GuardRequest` object.
   */
  authorize(request: GuardRequest, feature: F, identity: Identity | null | undefined): Promise<GuardResult<F>>
  /** The application's own verified caller, as the options say; rejects with what `identify` throws. */
  identify(request: R): Promise<Identity | null>
  /** Resolves when keys are there and the feed is connected; rejects with `service_unavailable` after ten seconds. */
  ready(): Promise<void>
  /** Closes the feed; afterwards everything is refused. */
  close(): Promise<void>
}>

/** How often one request may wait for something: what was forgotten again while it was fetched is fetched once more. */
const MAX_ROUNDS = 6

/**
 * Makes a guard and opens the feed of the service.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function createGuard<const F extends string, R = unknown>(options: GuardOptions<F, R>): Guard<F, R> {
  const settings = checkOptions(options)
  const { policy, identify, observe, log } = settings
  const { authorizer, nonces, ready, isKeyRefused, closeFeed } = assemble(settings)
  let closed = false

  const judge = async (request: GuardRequest, feature: string, identity: Identity): Promise<GuardPass | Refused> => {
    const { subject, fault } = readIdentity(identity)
    if (subject === undefined) {
      log('error', `identify must return { issuer, sub, account }, or null. ${fault} Only this request was refused.`)
      return internal(feature)
    }
    const tried: Need[] = []
    const question = { request, feature, identity, subject, tried: { has: (need: Need) => tried.includes(need) } }
    let otherwise: Refused | undefined
    for (let round = 0; round < MAX_ROUNDS && !closed; round++) {
      const outcome = authorizer(question)
      if (outcome.pending === undefined) return outcome
      tried.push(outcome.pending)
      otherwise = outcome.otherwise
      if (!(await outcome.wait)) return otherwise
    }
    return otherwise ?? unavailable('The guard of this API is closed.', feature)
  }

  /** Lets a refused feature run if the policy and the guard both say that it is only on trial. */
  const observed = (refused: Refused, feature: string): GuardPass | Refused => {
    const rules = featureRules(policy, feature)
    if (!observe || closed || rules === undefined || rules.enforce === 'on' || refused.problem.code === 'internal') return refused
    const { code, detail } = refused.problem
    // a missing nonce is how every client begins, and no refusal that the operator should hear of
    if (code !== 'use_dpop_nonce') log('info', 'Observe mode: allowed a request that enforcement would refuse.', { feature, code })
    const reasons = [
      { code: code === 'service_unavailable' ? 'policy_unavailable' : 'step_up_required', source: '', message: detail },
    ] as const
    const decision = refused.decided ?? { feature, policy: policy.digest, outcome: 'deny' as const, reasons, enforced: false }
    const nonce = refused.headers[DPOP_NONCE]
    return { ok: true, decision: { ...decision, enforced: false }, ...(nonce !== undefined && { headers: { [DPOP_NONCE]: nonce } }) }
  }

  /** What no waiting cures is not answered as if it did. */
  const lasting = (refused: Refused, feature: string): Refused =>
    refused.problem.code === 'service_unavailable' && !closed && isKeyRefused() ? keyRefused(feature) : refused

  /** With every answer that makes a client try again goes the nonce that its next proof needs. */
  const withNonce = (refused: Refused): Refused =>
    nonces === undefined || refused.status !== 401
      ? refused
      : { ...refused, headers: { ...refused.headers, [DPOP_NONCE]: nonces.current() } }

  return {
    async authorize(request, feature, identity) {
      if (identity === null || identity === undefined) return unauthenticated()
      try {
        const result = await judge(request, feature, identity)
        const settled = result.ok ? enforced(result, observe) : observed(withNonce(result), feature)
        return (settled.ok ? settled : lasting(settled, feature)) as GuardResult<F>
      } catch (cause) {
        log('error', 'A request could not be checked, so it was refused.', { feature, cause: String(cause) })
        return internal(feature)
      }
    },
    async identify(request) {
      return (await identify(request)) ?? null
    },
    async ready() {
      if (await ready()) return
      const { url } = settings.service
      const what = isKeyRefused()
        ? 'refuses service.key: make a new one of scope guard'
        : 'could not be reached, or nothing of its feed comes through: check service.url, and what buffers in between'
      throw new GuardError('service_unavailable', `The service at ${url} ${what}.`)
    },
    async close() {
      closed = true
      await closeFeed()
    },
  }
}

/** What the policy marks as on trial is enforced all the same unless the guard allows it, and the decision says so. */
function enforced(pass: GuardPass, observe: boolean): GuardPass {
  return pass.decision.enforced || observe ? pass : { ...pass, decision: { ...pass.decision, enforced: true } }
}
