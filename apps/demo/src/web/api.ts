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
  /** Where signing in at the identity provider begins; it comes back to `returnTo`. */
  signInElsewhere: (returnTo: '/' | '/recover') => string
  /** Answers where to go on, if the identity provider is to sign out, too. */
  signOut: () => Promise<string | undefined>
  sessionToken: () => Promise<string>
  confirmPassword: (password: string) => Promise<string | null>
  /** `null`, or the sentence of a refusal. */
  setTier: (tier: string) => Promise<string | null>
  /** Makes the sign-in an hour older; `null`, or the sentence of a refusal. */
  ageSignIn: () => Promise<string | null>
}>

/** Talks to the product's API with its cookie. */
export function createApi(url: string): Api {
  const post = (path: string, body: unknown = {}) =>
    fetch(url + path, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  /** The sentence of a refusal, or `null` where it worked. */
  const refusal = async (asked: Promise<Response>): Promise<string | null> => {
    const response = await asked.catch(() => null)
    if (!response) return 'The server cannot be reached. Check your connection and try again.'
    return response.ok ? null : ((await response.json()) as { detail: string }).detail
  }
  return {
    url,
    me: async () => {
      const response = await fetch(`${url}/api/me`, { credentials: 'include' })
      return response.ok ? ((await response.json()) as Me) : null
    },
    signIn: (user, password) => refusal(post('/api/login', { user, password })),
    signInElsewhere: (returnTo) => `${url}/api/sso/sign-in?return=${encodeURIComponent(returnTo)}`,
    signOut: async () => ((await (await post('/api/logout')).json()) as { next?: string }).next,
    sessionToken: async () => {
      const response = await post('/api/session-token')
      if (!response.ok) throw new Error('not signed in')
      return ((await response.json()) as { token: string }).token
    },
    confirmPassword: (password) => refusal(post('/api/confirm-password', { password })),
    setTier: (tier) => refusal(post('/api/demo/tier', { tier })),
    ageSignIn: () => refusal(post('/api/demo/age-sign-in')),
  }
}
