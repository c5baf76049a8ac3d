import type { AttemptFailure } from '@stile/protocol'
import { diagnoseOrigin } from '../passkey/diagnosis.ts'
import { signalUnknown } from '../passkey/signal.ts'
import type { Stile } from '../stile.ts'

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
