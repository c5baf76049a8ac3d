import { problem } from '@stile/protocol'
import { type Answer, type Body, refuse } from './answer.ts'
import { createAuthenticators } from './authenticators.ts'
import { issueIn, stateIn } from './decisions.ts'
import type { Desk } from './desk.ts'
import { createStepUps } from './step-ups.ts'

/** Answers `METHOD /v1/…` of the subject-facing service. */
export type Routes = (method: string, path: string, body: Body) => Answer

/**
 * Creates the routes over one world.
 *
 * @param revision  the number of the world's last change
 */
export function createRoutes(desk: Desk, revision: () => number): Routes {
  const { policy, clock, world } = desk
  const stepUps = createStepUps(desk)
  const authenticators = createAuthenticators(desk)

  return (verb, path, body) => {
    const [, , room = '', id = '', sub = ''] = path.split('/')
    switch (`${verb} ${room}`) {
      case 'GET state':
        return { status: 200, body: stateIn(policy, world(), revision(), clock.now()) }
      case 'POST tokens':
        return { status: 200, body: issueIn(world(), clock.now()) }
      case 'DELETE session':
        return { status: 204 }
      case 'POST step-ups':
        if (!id) return stepUps.start(body)
        return sub === 'attempts' ? stepUps.attempt(id, body) : stepUps.startMethod(id)
      case 'GET authenticators':
        return authenticators.list()
      case 'POST authenticators':
        return sub ? authenticators.finish(sub, body) : authenticators.register(body)
      case 'PATCH authenticators':
        return authenticators.rename(id, body)
      case 'DELETE authenticators':
        return authenticators.remove(id)
      default:
        return refuse(problem('not_found', `There is nothing at ${path}.`))
    }
  }
}
