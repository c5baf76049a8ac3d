import type { Method, State } from '@stile/protocol'
import { firstMethods } from '../base.ts'
import { KINDS } from './methods.ts'

/** Loads the passkey ceremonies. */
export function loadCeremonies(): Promise<typeof import('../passkey/ceremonies.ts')> {
  return import('../passkey/ceremonies.ts')
}

/**
 * Loads what the step-ups that a state asks for begin with, so that a click on a gate waits for no script, and a network that is lost meanwhile
 * does not keep the prompt away. What cannot be loaded is asked for again when it is needed.
 */
export function preload({ decisions }: State): void {
  const isUsable = (method: Method) => KINDS[method] !== 'ceremony' || !!globalThis.PublicKeyCredential
  const methods = Object.values(decisions).flatMap((each) =>
    each.outcome === 'step_up' ? each.next.methods.filter(isUsable).slice(0, 1) : [],
  )
  if (methods.some((method) => KINDS[method] === 'ceremony')) loadCeremonies().catch(() => {})
  firstMethods.set(methods)
}
