import type { AttemptFailure } from '@stile/protocol'
import { authenticate } from '../passkey/authenticate.ts'
import type { Stile } from '../stile.ts'

/** How long a prompt that never answers is waited for if there are other methods. */
const PATIENCE_MS = 60_000

/** One ceremony of a step-up. */
export type PasskeyProof = Readonly<{
  /** Gives the options of the service. */
  start: () => Promise<unknown>
  /** Aborted when the subject turns to another method. */
  signal: AbortSignal
  hasOtherMethods: boolean
}>

/** Has the subject use a passkey or a security key, and gives the answer for the service; nothing once `signal` is aborted. */
export async function proveWithPasskey({ start, signal, hasOtherMethods }: PasskeyProof): Promise<unknown> {
  const options = await start()
  // no prompt opens for a subject who turned to another method meanwhile
  if (signal.aborted) return undefined
  return authenticate(options, { signal, ...(hasOtherMethods && { patienceMs: PATIENCE_MS }) })
}

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
      import('../passkey/signal.ts').then(
        ({ signalUnknown }) => signalUnknown(request, response),
        () => {},
      )
      return
    case 'origin_mismatch':
    case 'rp_mismatch':
      import('../passkey/diagnosis.ts').then(
        ({ diagnoseOrigin }) => diagnoseOrigin(start),
        () => {},
      )
      return
    default:
  }
}
