import { problem } from '@stile/protocol'
import { createAuthenticators } from './authenticators/authenticators.ts'
import { createDevices } from './authenticators/devices.ts'
import { createTotp } from './authenticators/totp.ts'
import { type Answer, type Body, refuse } from './requests/answer.ts'
import type { ServiceContext } from './requests/context.ts'
import type { RecoveryVerbs } from './step-ups/recovery.ts'
import { createStepUps } from './step-ups/step-ups.ts'
import { stateIn } from './world/decisions.ts'

/** Answers `METHOD /v1/…` of the subject-facing service. */
export type Routes = (method: string, path: string, body: Body) => Answer

/**
 * Creates the routes over one world.
 *
 * @param revision  the number of the world's last change
 */
export function createRoutes(context: ServiceContext, recovery: RecoveryVerbs, revision: () => number): Routes {
  const { policy, clock, world } = context
  const totp = createTotp(clock, world)
  const stepUps = createStepUps(context, totp)
  const devices = createDevices(context)
  const authenticators = createAuthenticators(context, totp)

  return (verb, path, body) => {
    const [, , resource = '', id = '', sub = '', method = ''] = path.split('/')
    switch (`${verb} ${resource}`) {
      case 'GET state':
        return { status: 200, body: stateIn(policy, world(), revision(), clock.now()) }
      case 'POST tokens':
        return stepUps.token(body)
      case 'DELETE session':
        return { status: 204 }
      case 'POST step-ups':
        if (!id) return stepUps.start(body)
        return sub === 'attempts' ? stepUps.attempt(id, body) : stepUps.startMethod(id, method)
      case 'GET authenticators':
        return authenticators.list()
      case 'POST authenticators':
        return sub ? authenticators.finish(sub, body) : authenticators.register(body)
      case 'PATCH authenticators':
        return authenticators.rename(id, body)
      case 'DELETE authenticators':
        return authenticators.remove(id)
      case 'GET devices':
        return devices.list()
      case 'DELETE devices':
        return devices.forget(id)
      case 'GET recovery':
        return recovery.status()
      case 'POST recovery':
        return id ? recovery.makeCodes() : recovery.redeem(body)
      default:
        return refuse(problem('not_found', `There is nothing at ${path}.`))
    }
  }
}
