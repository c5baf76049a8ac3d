import { featureRules } from '@stile/policy'
import { assemble } from './assemble.ts'
import type { Need, Outcome, Pending, Question } from './authorize.ts'
import { DPOP_NONCE } from './device-proof/nonces.ts'
import { GuardError } from './options/error.ts'
import { checkOptions, type GuardOptions } from './options/options.ts'
import { type Identity, readIdentity } from './requests/identity.ts'
import type { GuardRequest } from './requests/request.ts'
import { internal, keyRefused, type Refused, unauthenticated, unavailable } from './results/refusal.ts'
import type { GuardPass, GuardResult } from './results/result.ts'
import type { GuardStats } from './results/stats.ts'

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
  /** How full its memories are, for the metrics of the application. */
  stats(): GuardStats
  /** Closes the feed; afterwards everything is refused. */
  close(): Promise<void>
}>

/** A guard as adapters use it: what has to wait for nothing is answered at once, without a promise. */
export type Core<F extends string = string, R = unknown> = Omit<Guard<F, R>, 'authorize' | 'identify'> &
  Readonly<{
    /** As `authorize` of a guard: a promise that never rejects only if something must be fetched first. */
    decide(request: GuardRequest, feature: F, identity: Identity | null | undefined): GuardResult<F> | Promise<GuardResult<F>>
    identify: GuardOptions<F, R>['identify']
  }>

/** How often one request may wait for something: what was forgotten again while it was fetched is fetched once more. */
const MAX_ROUNDS = 6

const NOTHING_TRIED: ReadonlySet<Need> = new Set()

/**
 * Makes a guard and opens the feed of the service.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function createGuard<const F extends string, R = unknown>(options: GuardOptions<F, R>): Guard<F, R> {
  const { decide, identify, ready, stats, close } = createCore<F, R>(options)
  return {
    authorize: async (request, feature, identity) => decide(request, feature, identity),
    identify: async (request) => (await identify(request)) ?? null,
    ready,
    stats,
    close,
  }
}

/**
 * Makes a guard for an adapter, and opens the feed of the service.
 *
 * @throws GuardError `invalid_option`, which names the option and the fix
 */
export function createCore<const F extends string, R = unknown>(options: GuardOptions<F, R>): Core<F, R> {
  const settings = checkOptions(options)
  const { policy, identify, observe, log } = settings
  const { authorizer, nonces, ready, isKeyRefused, stats, closeFeed } = assemble(settings)
  let closed = false

  /** Looks again each time something has come, until nothing is missing any more. */
  const wait = async (question: Question, first: Pending): Promise<GuardPass | Refused> => {
    const tried = new Set<Need>()
    let outcome: Outcome = first
    for (let round = 1; ; round++) {
      if (outcome.pending === undefined) return outcome
      tried.add(outcome.pending)
      const { otherwise } = outcome
      if (!(await outcome.wait) || closed || round >= MAX_ROUNDS) return otherwise
      outcome = authorizer({ ...question, tried })
    }
  }

  const judge = (request: GuardRequest, feature: string, identity: Identity): GuardPass | Refused | Promise<GuardPass | Refused> => {
    const { subject, fault } = readIdentity(identity)
    if (subject === undefined) {
      log('error', `identify must return { issuer, sub, account }, or null. ${fault} Only this request was refused.`)
      return internal(feature)
    }
    if (closed) return unavailable('The guard of this API is closed.', feature)
    const question: Question = { request, feature, identity, subject, tried: NOTHING_TRIED }
    const outcome = authorizer(question)
    return outcome.pending === undefined ? outcome : wait(question, outcome)
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

  const settle = (result: GuardPass | Refused, feature: string): GuardResult => {
    const settled = result.ok ? enforced(result, observe) : observed(withNonce(result), feature)
    return settled.ok ? settled : lasting(settled, feature)
  }

  const failed = (cause: unknown, feature: string): Refused => {
    log('error', 'A request could not be checked, so it was refused.', { feature, cause: String(cause) })
    return internal(feature)
  }

  const decide = (request: GuardRequest, feature: string, identity: Identity | null | undefined): GuardResult | Promise<GuardResult> => {
    if (identity === null || identity === undefined) return unauthenticated()
    try {
      const result = judge(request, feature, identity)
      if (!(result instanceof Promise)) return settle(result, feature)
      return result.then((outcome) => settle(outcome, feature)).catch((cause) => failed(cause, feature))
    } catch (cause) {
      return failed(cause, feature)
    }
  }

  return {
    decide: decide as Core<F, R>['decide'],
    identify,
    async ready() {
      if (await ready()) return
      const { url } = settings.service
      const what = isKeyRefused()
        ? 'refuses service.key: make a new one of scope guard'
        : 'could not be reached, or nothing of its feed comes through: check service.url, and what buffers in between'
      throw new GuardError('service_unavailable', `The service at ${url} ${what}.`)
    },
    stats,
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
