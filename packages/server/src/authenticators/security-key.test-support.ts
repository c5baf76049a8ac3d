import { definePolicy } from '@stile/policy'
import type { StepUp } from '@stile/protocol'
import { onTestFinished } from 'vitest'
import { type Lies, ORIGIN, RP_ID, type SoftAuthenticator, softAuthenticator } from '../methods/webauthn/authenticator.test-support.ts'
import { type Maker, maker } from '../methods/webauthn/statement/attestations.test-support.ts'
import type { ServiceOptions } from '../options/options.ts'
import type { Caller } from '../sessions/caller.ts'
import { attempt, startStepUp } from '../step-ups/index.ts'
import { createWorld } from '../step-ups/world.test-support.ts'
import { finishRegistration, startRegistration } from './index.ts'

const policy = definePolicy({
  format: 1,
  features: {
    view: {},
    export: { requires: { level: 'mfa', maxAge: '15m' } },
    approve: { requires: { level: 'phr', maxAge: '2m' } },
    seal: { requires: { level: 'phrh', maxAge: '2m' } },
    wire: { requires: { level: 'phrh', maxAge: '2m', bind: ['amount'] } },
  },
  tiers: { pro: { features: ['view', 'export', 'approve', 'seal', 'wire'] } },
  license: { none: { tier: 'pro' } },
})

/** A maker of security keys whose root the tests trust. */
export const example: Maker = maker()
/** An origin of another domain that may use the same keys. */
export const RELATED = 'https://app.example.org'

type Trust = NonNullable<ServiceOptions['webauthn']['attestation']>

/** Trusts the one model of a maker, by its root. */
export const byRoot = ({ root, model }: Maker = example): Trust => ({ roots: [root.pem], aaguids: [model] })

/** A world in which security keys are enrolled and answer; it is closed when the test has finished. */
export async function start(attestation?: Trust) {
  const webauthn = { rpId: RP_ID, rpName: 'Example', origins: [ORIGIN], relatedOrigins: [RELATED], ...(attestation && { attestation }) }
  const world = await createWorld({ policy, options: { webauthn } })
  onTestFinished(() => world.close())
  const alice = await world.caller()
  const begin = async (by: Caller) => {
    const { id, start: options } = await world.confirmed(by, () => startRegistration(world.domain, by, { method: 'security-key' }))
    return { id, options: options as { challenge: string } & Record<string, unknown> }
  }
  return {
    ...world,
    alice,
    begin,
    async enrol(lies: Lies = example.attests(), device: SoftAuthenticator = softAuthenticator(), by = alice) {
      const { id, options } = await begin(by)
      const authenticator = await finishRegistration(world.domain, by, id, { response: device.register(options.challenge, lies) })
      const challenge = (stepUp: StepUp) => promptOf(stepUp).challenge
      world.hold(by, { method: 'security-key', answer: (stepUp) => device.assert(challenge(stepUp), { uv: lies.uv ?? true }) })
      return { device, authenticator }
    },
    open: (feature: string, more: object = {}, by = alice) => startStepUp(world.domain, by, { feature, ...more }),
    prove: (stepUp: StepUp, response: unknown, by = alice) => attempt(world.domain, by, stepUp.id, { method: 'security-key', response }),
  }
}

/** The options of the prompt that a step-up has started. */
export function promptOf(stepUp: StepUp): { challenge: string } & Record<string, unknown> {
  const way = stepUp.status === 'open' ? stepUp.methods.find(({ method }) => method === 'security-key') : undefined
  if (way?.start === undefined) throw new Error('No security key was started.')
  return way.start as { challenge: string } & Record<string, unknown>
}
