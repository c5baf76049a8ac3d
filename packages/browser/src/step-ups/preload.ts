import type { Method } from '@stile/protocol'
import { loadCeremonies } from '../passkey/load-ceremonies.ts'
import type { ClientState, PrepareMethod } from '../stile.ts'
import { KINDS } from './methods.ts'

/**
 * Loads what the step-ups that the state asks for begin with, and has those who show them do so, too: a click on a gate waits for no script, and
 * a network that is lost meanwhile does not keep the prompt away. What cannot be loaded is asked for again when it is needed.
 */
export function preload(known: ClientState, preparers: Iterable<PrepareMethod | undefined>): void {
  if (known.status !== 'ready') return
  const isUsable = (method: Method) => KINDS[method] !== 'ceremony' || !!globalThis.PublicKeyCredential
  const first = new Set<Method>()
  for (const each of Object.values(known.state.decisions)) {
    const method = each.outcome === 'step_up' ? each.next.methods?.find(isUsable) : undefined
    if (method) first.add(method)
  }
  for (const method of first) {
    if (KINDS[method] === 'ceremony') loadCeremonies().catch(() => {})
    for (const prepare of preparers) prepare?.(method)
  }
}
