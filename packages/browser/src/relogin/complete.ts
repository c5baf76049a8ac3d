import { StileError } from '../base.ts'
import type { Stile } from '../stile.ts'
import { readLeftPage } from './left-page.ts'
import { tellToLookAgain } from './look-again.ts'

/** What a login provider adds to the address (OpenID Connect Core §3.1.2.5, RFC 9207, Session Management §2). */
const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state']
/** `<step-up>.<random>`: tells which step-up it answers. */
const STATE = /^(?<stepUpId>su_[\w-]+)\.[\w-]+$/
/** The answer is in this page alone, so that it is sent again if the network fails, after these times. */
const RETRY_DELAYS_MS = [500, 2000]

/**
 * Finishes a sign-in at the login provider, on the page that it comes back to. Call it as soon as the page loads.
 *
 * First it takes the answer out of the address and of the history. Then it sends the answer to the service, and tells the page that waits to
 * ask the service; that page learns nothing else from it. In the end it closes this window or, if the page itself had gone to the provider,
 * goes back to that page. If the window cannot be closed it resolves, so that the page can say so. It shows nothing itself.
 *
 * @throws StileError `relogin_failed` if the address has no answer to a step-up, such as after a reload; `attempt_failed` with the `failure`
 *   in its `problem`, `step_up_expired`, and whatever else the service says
 */
export function completeRelogin(stile: Pick<Stile, 'request'>): Promise<void> {
  const here = new URL(location.href)
  if (here.searchParams.has('state')) completing = undefined
  completing ??= complete(stile, (url) => {
    const { pathname, search } = new URL(url)
    location.replace(url)
    // a change of the fragment alone loads nothing
    if (pathname === here.pathname && search === location.search) location.reload()
  })
  return completing
}

/** A page that is rendered twice calls twice. The second call finds no answer in the address, and shares the outcome of the first. */
let completing: Promise<void> | undefined

/** Finishes a sign-in; `goBack` leads back to the page that was left. */
export async function complete(stile: Pick<Stile, 'request'>, goBack: (url: string) => void): Promise<void> {
  const url = new URL(location.href)
  const given = Object.fromEntries(PARAMETERS.map((name) => [name, url.searchParams.get(name) ?? undefined]))
  for (const name of PARAMETERS) url.searchParams.delete(name)
  history.replaceState(history.state, '', url)

  const { code, state, iss, error } = given
  const id = STATE.exec(state ?? '')?.groups?.stepUpId
  if (!id || !(code || error)) {
    throw new StileError('relogin_failed', undefined, new Error('The address has no answer of a login provider to a step-up.'))
  }
  try {
    const answer = error ? { error, state, iss } : { code, state, iss }
    await send(stile, `/v1/step-ups/${id}/attempts`, { method: 'relogin', response: answer })
  } finally {
    tellToLookAgain(id)
  }
  const page = readLeftPage()
  if (page?.stepUp === id) goBack(page.url)
  else window.close()
}

/** The address of the page that was left for the login provider, for a link back if {@link completeRelogin} rejects. */
export function leftPage(): string | undefined {
  return readLeftPage()?.url
}

async function send(stile: Pick<Stile, 'request'>, path: string, body: unknown): Promise<void> {
  for (let sent = 0; ; sent++) {
    try {
      await stile.request('POST', path, body)
      return
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[sent]
      if (delayMs === undefined || (error as StileError).code !== 'service_unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }
}
