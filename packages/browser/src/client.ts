import type { IssuedToken } from '@stile/protocol'
import { type DeviceKey, loadDeviceKey } from './device/device-key.ts'
import { createProver } from './device/device-proof.ts'
import { createFetch } from './fetch.ts'
import { within } from './lib/within.ts'
import { createService } from './service/service-client.ts'
import { createSession } from './session/session.ts'
import { createLiveState } from './state/live-state.ts'
import type { StartedFlow } from './step-ups/flow.ts'
import { createStepUps } from './step-ups/step-ups.ts'
import type { FeatureOf, PolicyShape, Stile, StileOptions } from './stile.ts'

/**
 * Creates the SDK: state, step-ups and a `fetch` that answers challenges.
 *
 * Safe to call while rendering on a server: there the state stays `loading` and nothing happens.
 *
 * @throws TypeError where `service` or an origin is no absolute URL, or `audiences` is empty
 */
export function createStile<const P extends PolicyShape = PolicyShape>(options: StileOptions): Stile<FeatureOf<P>> {
  const { now = () => Date.now() / 1000, relogin: signIn, fetch = (...args) => globalThis.fetch(...args) } = options
  const url = urlOf('service', options.service).href.replace(/\/$/, '')
  let main = ''
  const audiences = new Map<string, string>()
  for (const [id, origins] of Object.entries(options.audiences)) {
    main ||= id
    for (const each of origins) audiences.set(urlOf('audiences', each).origin, id)
  }
  if (!main) throw new TypeError('createStile: audiences is empty. Name an API with its origins.')

  /** How long a request waits for its first token before it goes without. */
  const PATIENCE_MS = 1500
  let offset = 0
  /** The service's clock as far as it is known; this browser's may be wrong by hours. */
  const serverNow = () => now() + offset
  const setNow = (at: number) => {
    offset = at - now()
  }
  const session = createSession(options.session, serverNow, setNow, () => restart())
  let loadingKey: Promise<DeviceKey> | undefined
  const key = () => {
    loadingKey ??= loadDeviceKey()
    return loadingKey
  }
  const prover = createProver(key, serverNow)
  const service = createService(url, session, prover, fetch)
  const [request] = service
  const [, , renewSession, sid, forget] = session

  /** One for each audience, replaced whole: what was asked for before a proof goes into the former. */
  let tokens = new Map<string, IssuedToken>()
  const keep = (audience: string, issued: IssuedToken | undefined) => {
    tokens = new Map(issued && [[audience, issued]])
  }
  const [get, subscribe, refresh, load, end, restart, closeState] = createLiveState(
    service,
    main,
    serverNow,
    setNow,
    async () => url + (await key())[1].x + sid(),
    (state) => {
      keep(main, state?.token)
      if (!state) cancelStepUps()
    },
  )

  const held = (audience: string) => {
    const issued = tokens.get(audience)
    return issued && issued.expiresAt - 5 > serverNow() ? issued : undefined
  }
  const token = async (audience: string = main) => {
    // the state brings the token of the default audience
    if (!held(main)) await load()
    const mine = tokens
    const issued = held(audience) ?? ((await request('POST', '/v1/tokens', { audience })) as IssuedToken)
    mine.set(audience, issued)
    return issued
  }

  const relogin = async () => {
    const signedIn = signIn && !!(await signIn().catch(() => false))
    if (signedIn) await renewSession()
    return signedIn
  }
  // back at the page that was left for the login provider's
  try {
    if (globalThis.document && sessionStorage.getItem('stile:page')) {
      import('./relogin/restore-page.ts').then(
        ({ restorePage }) => restorePage(),
        () => {},
      )
    }
  } catch {
    // a frame without a storage left nothing in it
  }
  const [join, onStepUp, cancelStepUps] = createStepUps(main, get, request, signIn && relogin, now, keep, refresh)

  return {
    get: get as Stile<FeatureOf<P>>['get'],
    subscribe,
    refresh,
    stepUp: (feature, asked) => (join(feature, asked) as StartedFlow)[0],
    onStepUp,
    token,
    request,
    relogin,
    fetch: createFetch(
      audiences,
      prover,
      fetch,
      async (audience) => {
        const { status, stale = status === 'error' } = get() as { status: string; stale?: boolean }
        return held(audience) ?? (stale ? undefined : within(PATIENCE_MS, token(audience)).catch(() => undefined))
      },
      (audience, not) => {
        if (tokens.get(audience) === not) tokens.delete(audience)
        return token(audience)
      },
      join,
    ),
    logout: async () => {
      try {
        await request('DELETE', '/v1/session')
      } finally {
        // whatever the service heard: the next user of this page is another
        forget()
        end()
      }
    },
    close: () => {
      forget()
      closeState()
    },
  }
}

function urlOf(option: string, value: string): URL {
  try {
    return new URL(value)
  } catch {
    throw new TypeError(`createStile: ${option} needs an absolute URL, such as https://id.example.com`)
  }
}
