import type { AttemptFailure, Problem } from '@stile/protocol'
import { StileError } from '../base.ts'
import { diagnoseOrigin } from '../passkey/diagnosis.ts'
import { signalUnknown } from '../passkey/signal.ts'
import type { Stile } from '../stile.ts'
import type { OpenStepUp } from './methods.ts'

/** An answer that the service refused. */
export type RefusedAnswer = Readonly<{
  failure: AttemptFailure | undefined
  response: unknown
  /** The options that the service gave for the ceremony. */
  start: unknown
  request: Stile['request']
}>

/** Tells the browser of a passkey that is gone, and the developer of a page that the service does not expect. */
export function explainRefusal({ failure, response, start, request }: RefusedAnswer): void {
  switch (failure) {
    case 'credential_unknown':
      signalUnknown(request, response)
      return
    case 'origin_mismatch':
    case 'rp_mismatch':
      diagnoseOrigin(start)
      return
    default:
  }
}

/** Tells that this browser can use none of the methods that are offered. */
export function noUsableMethod({ feature, methods: offered }: OpenStepUp): StileError {
  const methods = offered.map(({ method }) => method)
  const detail = `Not usable in this browser: ${methods}`
  const problem: Partial<Problem> = { code: 'method_unavailable', detail, feature, next: { methods } }
  return new StileError('method_unavailable', problem as Problem)
}
