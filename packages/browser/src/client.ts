import type { LoginGap } from '@stile/protocol'
import { pageKey, thumbprint } from './device/device-key.ts'
import { createDeviceProver } from './device/device-proof.ts'
import { createFetch } from './fetch.ts'
import { createClock } from './lib/clock.ts'
import { createServiceClient } from './service/service-client.ts'
import { createSession } from './session/session.ts'
import { createLiveState } from './state/live-state.ts'
import { createStepUps } from './step-ups/step-ups.ts'
import type { FeatureOf, PolicyShape, ReloginRequest, Stile, StileOptions } from './stile.ts'
import { createAssuranceTokens } from './tokens/assurance-tokens.ts'

/**
 * Creates the SDK: state, step-ups and a `fetch` that answers challenges.
 *
 * Safe to call while rendering on a server: there the state stays `loading` and nothing happens.
 *
 * @throws TypeError if `service` or an origin is no absolute URL, or `audiences` is empty
 */
export function createStile<const P extends PolicyShape = PolicyShape>(options: StileOptions): Stile<FeatureOf<P>> {
  const { now = () => Date.now() / 1000, fetch = (...args) => globalThis.fetch(...args) } = options
  const baseUrl = urlOf('service', options.service).href.replace(/\/$/, '')
  const { audiences, mainAudience } = readAudiences(options.audiences)
  const clock = createClock(now)

  const deviceId = () => pageKey().then(thumbprint)
  // each server gives nonces of its own, and the service may be mounted at the origin of the API
  const createProver = () => createDeviceProver({ key: pageKey, now: clock.serviceNow })
  const session = createSession({ ask: options.session, deviceId, clock, onSwitch: () => state.restart() })
  const service = createServiceClient({ baseUrl, session, prover: createProver(), clock, fetch })
  const { request } = service

  const state = createLiveState({
    service,
    audience: mainAudience,
    clock,
    sharedName: async () => JSON.stringify([baseUrl, await deviceId(), session.sid()]),
    onState: (next) => {
      tokens.replaceAll(mainAudience, next?.token)
      if (next) stepUps.prepare()
      else stepUps.cancelAll()
    },
    onFault: (error) => {
      import('./state/report.ts').then(
        ({ report }) => report(error, baseUrl),
        () => {},
      )
    },
    onOtherSubject: session.suspect,
  })
  const tokens = createAssuranceTokens({
    mainAudience,
    request,
    state,
    now: clock.serviceNow,
  })

  const { relogin: lent } = options
  const askApplication = async (asked: ReloginRequest, password: string | undefined) => {
    if (typeof lent === 'function') return lent(asked).catch(() => false)
    return password === undefined ? undefined : lent?.password({ ...asked, password })
  }
  const relogin = async (why?: LoginGap, password?: string) => {
    const signedIn = await askApplication({ jkt: await deviceId(), why }, password)
    if (signedIn) await session.renewAfterRelogin()
    return signedIn
  }
  const stepUps = createStepUps({
    ...service,
    mainAudience,
    state,
    relogin: lent && relogin,
    now: clock.browserNow,
    tokens,
  })

  restoreLeftPage()
  return {
    get: state.get as Stile<FeatureOf<P>>['get'],
    subscribe: state.subscribe,
    refresh: state.refresh,
    stepUp: (feature, asked) => stepUps.join(feature, asked),
    onStepUp: stepUps.onStepUp,
    fetch: createFetch({ audiences, prover: createProver(), tokens, state, stepUps, fetch }),
    token: (audience = mainAudience) => tokens.get(audience),
    request,
    relogin,
    asksPassword: typeof lent === 'object',
    logout: async () => {
      try {
        await request('DELETE', '/v1/session')
      } finally {
        // even if the service did not hear of it: the next user of this page is another
        session.forget()
        state.end()
      }
    },
    close: () => {
      session.forget()
      state.close()
    },
  }
}

/** Restores the page if it was left for the login provider's. */
async function restoreLeftPage(): Promise<void> {
  try {
    if (sessionStorage.getItem('stile:page')) (await import('./relogin/restore-page.ts')).restorePage()
  } catch {
    // a server has no storage, and a frame without one left nothing in it; a page that cannot be restored works all the same
  }
}

/** The audience of each origin. The first audience is the default. */
type Audiences = Readonly<{ audiences: ReadonlyMap<string, string>; mainAudience: string }>

function readAudiences(option: StileOptions['audiences']): Audiences {
  const audiences = new Map<string, string>()
  for (const [audience, origins] of Object.entries(option))
    for (const each of origins) audiences.set(urlOf('audiences', each).origin, audience)
  const [mainAudience] = Object.keys(option)
  if (!mainAudience) throw new TypeError('createStile: audiences names no API')
  return { audiences, mainAudience }
}

function urlOf(option: string, value: string): URL {
  try {
    return new URL(value)
  } catch {
    throw new TypeError(`createStile: ${option} needs an absolute URL`)
  }
}
