import type { IssuedToken } from '@stile/protocol'
import { createClock } from './clock.ts'
import { type DeviceKey, loadDeviceKey, thumbprint } from './device-key.ts'
import { createFetch } from './fetch.ts'
import { within } from './lib/within.ts'
import { createLiveState } from './live-state.ts'
import { createService } from './service.ts'
import { createSession } from './session.ts'
import { createStepUps } from './step-ups.ts'
import type { FeatureOf, PolicyShape, Stile, StileOptions } from './stile.ts'

/** How long a request waits for its first token before it goes without. */
const PATIENCE_MS = 1500

/**
 * Creates the SDK: state, step-ups and a `fetch` that answers challenges.
 *
 * Safe to call while rendering on a server: there the state stays `loading` and nothing happens.
 *
 * @throws TypeError where `service` or an origin is no absolute URL
 */
export function createStile<const P extends PolicyShape = PolicyShape>(options: StileOptions): Stile<FeatureOf<P>> {
  const { now = () => Date.now() / 1000, relogin: signIn, fetch = (...args) => globalThis.fetch(...args) } = options
  const url = new URL(options.service).href.replace(/\/$/, '')
  const [main = ''] = Object.keys(options.audiences)
  const audiences = new Map<string, string>()
  for (const [id, origins] of Object.entries(options.audiences)) {
    for (const each of origins) audiences.set(new URL(each).origin, id)
  }

  const clock = createClock(now)
  const session = createSession(options.session, clock)
  let loadingKey: Promise<DeviceKey> | undefined
  const key = () => {
    loadingKey ??= loadDeviceKey()
    return loadingKey
  }
  const prover = { key, nonces: new Map<string, string>(), now: clock.now }
  const service = createService(url, session, prover, fetch)
  const { request } = service

  const tokens = new Map<string, IssuedToken>()
  let asking = new Map<string, Promise<IssuedToken>>()
  /** Keeps what is proven now; a token that was asked for earlier is no longer waited for. */
  const keep = (audience: string, issued: IssuedToken | undefined) => {
    asking = new Map()
    tokens.clear()
    if (issued) tokens.set(audience, issued)
  }
  const live = createLiveState({
    service,
    audience: main,
    clock,
    shared: async ({ subject, actor, account }) =>
      JSON.stringify([url, main, await thumbprint(await key()), subject, actor, account, session.sid()]),
    onState: (state) => keep(main, state?.token),
  })
  const { get, subscribe, refresh } = live

  const held = (audience: string) => {
    const issued = tokens.get(audience)
    return issued && issued.expiresAt - 5 > clock.now() ? issued : undefined
  }
  const ask = async (audience: string) => {
    await live.loading()
    const mine = asking
    const issued = held(audience) ?? ((await request('POST', '/v1/tokens', { audience })) as IssuedToken)
    if (mine === asking) tokens.set(audience, issued)
    return issued
  }
  const token = async (audience: string = main) => {
    const kept = held(audience) ?? asking.get(audience)
    if (kept) return kept
    const mine = asking
    const asked = ask(audience).finally(() => mine.delete(audience))
    mine.set(audience, asked)
    return asked
  }

  const relogin = async () => {
    const signedIn = !!(await signIn?.().catch(() => false))
    if (signedIn) await session.relogin()
    return signedIn
  }
  const ready = () => {
    const state = get()
    return state.status === 'ready' ? state : undefined
  }
  const { join, answer, onStepUp, close } = createStepUps({
    request,
    relogin: signIn && relogin,
    now,
    main,
    requirementOf: (feature) => {
      const decision = ready()?.state.decisions[feature]
      return decision && 'requirement' in decision ? decision.requirement : undefined
    },
    keep,
    refresh,
  })

  return {
    get: get as Stile<FeatureOf<P>>['get'],
    subscribe,
    refresh,
    stepUp: (feature, asked) => join(feature, asked).flow,
    onStepUp,
    token,
    request,
    relogin,
    fetch: createFetch({
      audiences,
      prover,
      fetch,
      ready: async (audience) =>
        held(audience) ??
        (get().status === 'error' || ready()?.stale
          ? undefined
          : within(PATIENCE_MS, token(audience), 'service_unavailable').catch(() => undefined)),
      renew: (audience, not) => {
        if (tokens.get(audience) === not) tokens.delete(audience)
        return token(audience)
      },
      answer,
    }),
    logout: async () => {
      await request('DELETE', '/v1/session')
      live.end()
    },
    close: () => {
      live.close()
      close()
    },
  }
}
