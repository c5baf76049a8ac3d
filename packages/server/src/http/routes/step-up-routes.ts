import type { Router } from 'express'
import { attempt, attemptReopening, startMethod, startReopening, startReopeningMethod, startStepUp } from '../../step-ups/index.ts'
import { answerTaking, type RecognizedCall, recognizedAccess } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import { created, ok } from '../endpoint/answer.ts'
import { addEndpoint, type Handler } from '../endpoint/endpoint.ts'

/** Step-ups: of somebody in a session for whatever it is, and of somebody whose session is over for a sign-in that begins it again. */
export function addStepUpRoutes(router: Router, context: HttpContext): void {
  const access = recognizedAccess(context)
  const add = (path: string, POST: Handler<RecognizedCall>): void =>
    addEndpoint(router, context, { path, access, methods: { POST: answerTaking(POST) } })

  add('/v1/step-ups', async ({ running: { domain }, recognized, json }) => {
    const body = await json()
    const stepUp = await (recognized.status === 'open'
      ? startStepUp(domain, recognized.caller, body)
      : startReopening(domain, recognized, body))
    return stepUp.status === 'open' ? created(stepUp) : ok(stepUp)
  })
  add('/v1/step-ups/:id/methods/:method', async ({ running: { domain }, recognized, param, json }) => {
    await json()
    const [id, method] = [param('id'), param('method')]
    return ok(
      await (recognized.status === 'open'
        ? startMethod(domain, recognized.caller, id, method)
        : startReopeningMethod(domain, recognized, id, method)),
    )
  })
  add('/v1/step-ups/:id/attempts', async ({ running: { domain }, recognized, param, json }) => {
    const body = await json()
    const id = param('id')
    return ok(
      await (recognized.status === 'open' ? attempt(domain, recognized.caller, id, body) : attemptReopening(domain, recognized, id, body)),
    )
  })
}
