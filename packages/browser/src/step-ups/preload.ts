import type { Method } from '@stile/protocol'
import type { LiveState } from '../state/live-state.ts'
import type { PrepareMethod } from '../stile.ts'

/** What is loaded before it is needed. */
export type Preload = Readonly<{
  state: Pick<LiveState, 'get'>
  /** Those who show step-ups. */
  handlers: ReadonlyMap<unknown, PrepareMethod | undefined>
  /** A feature that somebody has clicked for: what it needs is loaded at once, over any network. */
  feature: string | undefined
  /** Gets what the first call to the service needs. */
  warmUp: () => void
}>

/** The longest that a page may be too busy to load what a click needs, in milliseconds. */
const BUSY_MS = 500
/** How long a browser that does not tell when it is idle is left alone, in milliseconds. */
const QUIET_MS = 100

/**
 * Loads what the step-ups that the state asks for begin with, and has those who show them do so, too: a click on a gate waits for no script, and
 * a network that is lost meanwhile does not keep the prompt away. What cannot be loaded is asked for again when it is needed.
 *
 * Without a click that waits until the browser is idle. If its user saves data, or the network is slow, no more than this file is loaded.
 */
export async function preload({ state, handlers, feature, warmUp }: Preload): Promise<void> {
  if (!feature) {
    if (isSaving()) return
    await idle()
    warmUp()
  }
  const known = state.get()
  if (known.status !== 'ready') return
  const runner = await import('./step-up-runner.ts').catch(() => undefined)
  if (!runner) return
  const { KINDS, loadFailureHandler, loadOtherWays } = runner
  const isUsable = (method: Method) => KINDS[method] !== 'ceremony' || !!globalThis.PublicKeyCredential
  const first = new Set<Method>()
  for (const each of Object.values(known.state.decisions)) {
    const method = each.outcome === 'step_up' ? each.next.methods?.find(isUsable) : undefined
    if (method && (!feature || each.feature === feature)) first.add(method)
  }
  if (first.size === 0) return
  const files: Promise<unknown>[] = [
    loadFailureHandler(),
    loadOtherWays(),
    import('./settle.ts'),
    import('../service/refusals.ts'),
    import('./cure.ts'),
  ]
  for (const method of first) {
    // the second is loaded with every prompt
    if (KINDS[method] === 'ceremony') files.push(import('../passkey/ceremonies.ts'), import('../passkey/passkey-error.ts'))
    // an application's own may throw
    for (const prepare of handlers.values()) files.push((async () => prepare?.(method))())
  }
  await Promise.allSettled(files)
}

/** Whether the user saves data, or the network is so slow that what is needed now would wait for what may be needed later. */
function isSaving(): boolean {
  const { connection } = globalThis.navigator as Navigator & { connection?: { saveData?: boolean; effectiveType?: string } }
  return !!connection?.saveData || !!connection?.effectiveType?.endsWith('2g')
}

/** Waits until the browser has nothing better to do. */
function idle(): Promise<unknown> {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(resolve, { timeout: BUSY_MS })
    else setTimeout(resolve, QUIET_MS)
  })
}
