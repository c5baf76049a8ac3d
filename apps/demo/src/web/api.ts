import { deviceKey, type PasswordRequest, type SessionRequest } from '@stile/browser'

/** Who is signed in to the product, and where they did. */
export type Me = Readonly<{
  user: string
  name: string
  account: string
  email: string
  /** `demo`: with a password of the product's own; `sso`: at the identity provider. */
  issuer: 'demo' | 'sso'
}>

/** The product's own API, for what needs no step-up. */
export type Api = Readonly<{
  url: string
  me: () => Promise<Me | null>
  signIn: (user: string, password: string) => Promise<string | null>
  /** Goes to the identity provider, which comes back to `returnTo`; or answers the sentence of a refusal. */
  signInElsewhere: (returnTo: '/' | '/recover') => Promise<string | null>
  /** Answers where to go on, if the identity provider is to sign out, too. */
  signOut: () => Promise<string | undefined>
  /** A session token for this browser's key. */
  sessionToken: (asked: SessionRequest) => Promise<string>
  /** Whether the password is right, for this browser's key. Rejects if it cannot be checked. */
  confirmPassword: (asked: PasswordRequest) => Promise<boolean>
  /** `null`, or the sentence of a refusal. */
  setTier: (tier: string) => Promise<string | null>
  /** Makes the sign-in an hour older; `null`, or the sentence of a refusal. */
  ageSignIn: () => Promise<string | null>
}>

const UNREACHABLE = 'The server cannot be reached. Check your connection and try again.'

/** Talks to the product's API with its cookie. */
export function createApi(url: string): Api {
  const post = (path: string, body: unknown = {}) =>
    fetch(url + path, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  /** A password is given on this browser, so that its login belongs to this browser's key. */
  const withKey = async (path: string, body: object) => post(path, { ...body, jkt: (await deviceKey()).jkt })
  /** The sentence of a refusal, or `null` if it worked. */
  const refusal = async (asked: Promise<Response>): Promise<string | null> => {
    const response = await asked.catch(() => null)
    if (!response) return UNREACHABLE
    return response.ok ? null : ((await response.json()) as { detail: string }).detail
  }
  return {
    url,
    me: async () => {
      const response = await fetch(`${url}/api/me`, { credentials: 'include' })
      return response.ok ? ((await response.json()) as Me) : null
    },
    signIn: (user, password) => refusal(withKey('/api/login', { user, password })),
    signInElsewhere: async (returnTo) => {
      const response = await withKey('/api/sso/sign-in', { return: returnTo }).catch(() => null)
      if (!response) return UNREACHABLE
      const { next, detail } = (await response.json()) as { next?: string; detail?: string }
      if (next !== undefined) location.assign(next)
      return detail ?? null
    },
    signOut: async () => ((await (await post('/api/logout')).json()) as { next?: string }).next,
    sessionToken: async ({ jkt }) => {
      const response = await post('/api/session-token', { jkt })
      if (!response.ok) throw new Error('not signed in')
      return ((await response.json()) as { token: string }).token
    },
    confirmPassword: async ({ password, jkt }) => {
      const response = await post('/api/confirm-password', { password, jkt })
      if (response.status >= 500) throw new Error('the password could not be checked')
      return response.ok
    },
    setTier: (tier) => refusal(post('/api/demo/tier', { tier })),
    ageSignIn: () => refusal(post('/api/demo/age-sign-in')),
  }
}
