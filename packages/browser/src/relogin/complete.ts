import { StileError } from '../error.ts'
import type { Stile } from '../stile.ts'
import { readLeftPage } from './left-page.ts'
import { channelOf, LOOK_AGAIN } from './look-again.ts'

/** What a login provider adds to the address (OpenID Connect Core §3.1.2.5, RFC 9207, Session Management §2). */
const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state']
/** `<step-up>.<random>`: which step-up it answers. */
const STATE = /^(su_[\w-]+)\.[\w-]+$/
/** The answer is in this page alone: what the network loses is sent again after so many milliseconds. */
const AGAIN_MS = [500, 2000]

/**
 * Finishes a sign-in at the login provider, on the page that it comes back to; call it as soon as the page loads.
 *
 * Takes the answer out of the address and of the history before anything else, sends it to the service, and tells the page that waits to
 * ask the service: it learns nothing else. Then closes this window or, where the page itself had gone to the provider, goes back to it.
 * Where the window cannot be closed it resolves, so that the page can say so. Shows nothing itself.
 *
 * @throws StileError `relogin_failed` where the address has no answer to a step-up, such as after a reload; `attempt_failed` with the
 *   `failure` in its `problem`, `step_up_expired`, and whatever else the service says
 */
export function completeRelogin(stile: Pick<Stile, 'request'>): Promise<void> {
  const here = new URL(location.href)
  if (here.searchParams.has('state')) completing = undefined
  completing ??= complete(stile, (url) => {
    const { pathname, search } = new URL(url)
    location.replace(url)
    // going to another fragment of this page loads nothing
    if (pathname === here.pathname && search === location.search) location.reload()
  })
  return completing
}

/** A page may be rendered twice and call twice: the second call finds no answer in the address, and gets what becomes of the first. */
let completing: Promise<void> | undefined

/** The same, with what leads back to the page that was left. */
export async function complete(stile: Pick<Stile, 'request'>, goBack: (url: string) => void): Promise<void> {
  const url = new URL(location.href)
  const given = Object.fromEntries(PARAMETERS.map((name) => [name, url.searchParams.get(name) ?? undefined]))
  for (const name of PARAMETERS) url.searchParams.delete(name)
  history.replaceState(history.state, '', url)

  const { code, state, iss, error } = given
  const [, id] = STATE.exec(state ?? '') ?? []
  if (!id || !(code || error)) {
    throw new StileError('relogin_failed', undefined, new Error('The address has no answer of a login provider to a step-up.'))
  }
  try {
    const answer = error ? { error, state, iss } : { code, state, iss }
    await send(stile, `/v1/step-ups/${id}/attempts`, { method: 'relogin', response: answer })
  } finally {
    tell(id)
  }
  const page = readLeftPage()
  if (page?.stepUp === id) goBack(page.url)
  else window.close()
}

/** The address of the page that was left for the login provider, for a link back where {@link completeRelogin} rejects. */
export function leftPage(): string | undefined {
  return readLeftPage()?.url
}

async function send(stile: Pick<Stile, 'request'>, path: string, body: unknown): Promise<void> {
  for (let sent = 0; ; sent++) {
    try {
      await stile.request('POST', path, body)
      return
    } catch (error) {
      const wait = AGAIN_MS[sent]
      if (wait === undefined || (error as StileError).code !== 'service_unavailable') throw error
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

function tell(id: string): void {
  window.opener?.postMessage(LOOK_AGAIN, location.origin)
  if (!globalThis.BroadcastChannel) return
  const channel = new BroadcastChannel(channelOf(id))
  channel.postMessage(LOOK_AGAIN)
  channel.close()
}
