import type { Method, State } from '@stile/protocol'
import { loadCeremonies } from '../passkey/load-ceremonies.ts'
import { KINDS } from './methods.ts'

/**
 * Loads the passkey ceremonies if a step-up that the state asks for begins with one, so that a click on a gate waits for no script, and a network
 * that is lost meanwhile does not keep the prompt away. If they cannot be loaded, they are asked for again when they are needed.
 */
export function preload({ decisions }: State): void {
  const isUsable = (method: Method) => KINDS[method] !== 'ceremony' || !!globalThis.PublicKeyCredential
  const methods = Object.values(decisions).flatMap((each) => (each.outcome === 'step_up' ? each.next.methods.find(isUsable) : undefined))
  if (methods.some((method) => method && KINDS[method] === 'ceremony')) loadCeremonies().catch(() => {})
}
