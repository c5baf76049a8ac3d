import type { IssuedToken } from '@stile/protocol'
import { within } from '../lib/within.ts'
import type { ServiceClient } from '../service/service-client.ts'
import type { LiveState } from '../state/live-state.ts'

/** The assurance tokens of this page, one for each audience. */
export type AssuranceTokens = Readonly<{
  /** A token for what is proven already. */
  get: (audience: string) => Promise<IssuedToken>
  /** The same for a request that does not wait for long: without a token soon, it goes without one. Never rejects. */
  soon: (audience: string) => Promise<IssuedToken | undefined>
  /** Another token than the one that an API refused. */
  renew: (refused: Readonly<{ audience: string; token: IssuedToken | undefined }>) => Promise<IssuedToken>
  /** Keeps this token, or none. The others were issued before a proof, or for another subject, and are dropped. */
  replaceAll: (audience: string, issued: IssuedToken | undefined) => void
}>

/** What the tokens are made of. */
export type AssuranceTokensOptions = Readonly<{
  /** The default audience: the state brings its token. */
  mainAudience: string
  request: ServiceClient['request']
  /** What brings the token of the main audience, and is told of each request of the application. */
  state: Pick<LiveState, 'get' | 'load' | 'use'>
  /** The service's clock, in seconds since the epoch. */
  now: () => number
}>

/** How long a request waits for its first token before it goes without. */
const PATIENCE_MS = 1500
/** A token that ends sooner than this is not sent. */
const EARLY_SECONDS = 5

/** Keeps assurance tokens in memory, and asks for those that are missing. Never prompts. */
export function createAssuranceTokens({ mainAudience, request, state, now }: AssuranceTokensOptions): AssuranceTokens {
  /** Replaced whole: the answer to a question from before a proof goes into the former. */
  let tokens = new Map<string, IssuedToken>()

  const held = (audience: string): IssuedToken | undefined => {
    const issued = tokens.get(audience)
    return issued && issued.expiresAt - EARLY_SECONDS > now() ? issued : undefined
  }
  const get = async (audience: string): Promise<IssuedToken> => {
    if (audience === mainAudience ? !held(audience) : state.get().status !== 'ready') await state.load()
    const mine = tokens
    const issued = held(audience) ?? ((await request('POST', '/v1/tokens', { audience })) as IssuedToken)
    mine.set(audience, issued)
    return issued
  }

  return {
    get,
    soon: async (audience) => {
      state.use()
      const issued = held(audience)
      // whether the service could not be reached when it was asked last
      const known = state.get()
      if (issued || known.status === 'error' || (known.status === 'ready' && known.stale)) return issued
      return within(get(audience), { ms: PATIENCE_MS }).catch(() => undefined)
    },
    renew: ({ audience, token }) => {
      if (tokens.get(audience) === token) tokens.delete(audience)
      return get(audience)
    },
    replaceAll: (audience, issued) => {
      tokens = new Map(issued && [[audience, issued]])
    },
  }
}
