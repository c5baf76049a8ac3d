import type { IssuedToken, Method, Operation, StepUp } from '@stile/protocol'
import { StileError } from '../base.ts'
import type { Stile } from '../stile.ts'

/** A step-up that waits for a proof. */
export type OpenStepUp = Extract<StepUp, { status: 'open' }>

/** What is asked for. */
export type Asked = Readonly<{ feature: string; operation?: Operation | undefined; audience?: string | undefined }>

/** The calls of one step-up to the service. Each rejects with a `StileError`. */
export type StepUpRequests = Readonly<{
  begin: () => Promise<StepUp>
  /** Starts a method, or starts it again. */
  startMethod: (id: string, method: Method) => Promise<OpenStepUp>
  /** Sends an answer. Rejects with `attempt_failed` if it did not prove enough. */
  attempt: (id: string, answer: Readonly<{ method: Method | undefined; response: unknown }>) => Promise<IssuedToken>
  /** Asks for the token that a sign-in elsewhere proves. Rejects while it is not proven. */
  askForToken: () => Promise<IssuedToken>
}>

/** Creates the calls of a step-up for what is asked. */
export function createStepUpRequests(request: Stile['request'], { feature, operation, audience }: Asked): StepUpRequests {
  const post = (path: string, body: unknown) => request('POST', `/v1/step-ups${path}`, body)
  return {
    begin: async () => (await post('', { feature, operation, audience })) as StepUp,
    startMethod: async (id, method) => (await post(`/${id}/methods/${method}`, {})) as OpenStepUp,
    attempt: async (id, { method, response }) => {
      const stepUp = (await post(`/${id}/attempts`, { method, response })) as StepUp
      if (stepUp.status !== 'done') throw new StileError('attempt_failed')
      return stepUp.issued
    },
    askForToken: async () => (await request('POST', '/v1/tokens', { feature, audience })) as IssuedToken,
  }
}
