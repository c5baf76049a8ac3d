import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type ClientMetadata, type JWK } from 'oidc-provider'

export type OidcProvider = Awaited<ReturnType<typeof startOidcProvider>>

/** How somebody signs in at the provider, as a form says it. */
export type Sign = Readonly<{ login: string; acr?: string; amr?: string } | { cancel: true }>

/** `oidc-provider` on a real port, with a login form of its own that any name passes. */
export async function startOidcProvider({
  clients,
  acrValues = [],
  locate = (url) => url,
}: Readonly<{
  clients: readonly ClientMetadata[]
  acrValues?: readonly string[]
  /** Where a URL that the provider calls really is. */
  locate?: (url: string) => string
}>) {
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider = new Provider(issuer, {
    clients: [...clients],
    clientDefaults: { id_token_signed_response_alg: 'ES256', response_types: ['code'], grant_types: ['authorization_code'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'idp-1', alg: 'ES256', use: 'sig' } as JWK] },
    cookies: { keys: ['only for tests'] },
    responseTypes: ['code'],
    acrValues: [...acrValues],
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = `${form}<input form="op.logoutForm" type="hidden" name="logout" value="yes"/>`
        },
        postLogoutSuccessSource: (context) => {
          context.body = 'signed out'
        },
      },
    },
    interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 900, Session: 3600 },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    async loadExistingGrant({ oidc }) {
      const { client, session } = oidc
      if (!client || session?.accountId === undefined) return undefined
      const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
    // everything is on this machine, which the provider's own fetch refuses to call
    fetch: (url, init) => fetch(locate(String(url)), { ...init, dispatcher: undefined } as RequestInit),
  })

  app.get('/sign-in/:uid', async (request, response) => {
    const { uid } = await provider.interactionDetails(request, response)
    response.send(`<form method="post" action="/sign-in/${uid}"><input name="login"/><input name="acr"/><input name="amr"/></form>`)
  })
  app.post('/sign-in/:uid', express.urlencoded({ extended: false }), async (request, response) => {
    const { login = '', acr = '', amr = '', cancel } = request.body as Readonly<Record<string, string>>
    const result =
      cancel === undefined
        ? { login: { accountId: login, ...(acr !== '' && { acr }), ...(amr !== '' && { amr: amr.split(' ') }) } }
        : { error: 'access_denied', error_description: 'The user chose not to sign in.' }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  })
  app.use(provider.callback())

  return {
    issuer,
    /** A browser with the cookies of the provider. */
    browser: () => createBrowser(issuer),
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Follows links and posts forms, and keeps cookies, as a browser does on one site. */
function createBrowser(site: string) {
  const cookies = new Map<string, string>()

  async function load(address: string, form?: URLSearchParams): Promise<Response> {
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    })
    for (const each of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  /** Goes on while it is sent on within the site; answers the page, or the address outside that it was sent to. */
  async function go(address: string, form?: URLSearchParams): Promise<Readonly<{ page: string; left?: URL }>> {
    const response = await load(address, form)
    const location = response.headers.get('location')
    if (location === null) return { page: await response.text() }
    const next = new URL(location, address)
    return next.origin === site ? go(next.href) : { page: '', left: next }
  }

  /** Posts the form of a page. */
  function post(page: string, given: Readonly<Record<string, string>>): ReturnType<typeof go> {
    const action = /action="([^"]+)"/.exec(page)?.[1] ?? ''
    const hidden = [...page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value])
    return go(new URL(action, site).href, new URLSearchParams({ ...Object.fromEntries(hidden), ...given }))
  }

  return {
    /** Opens the page that a step-up names and signs in there; answers what the provider sends to the redirect page. */
    async signIn(url: string, sign: Sign): Promise<Readonly<Record<string, string>>> {
      const { page, left: early } = await go(url)
      const { left = early } = early === undefined ? await post(page, 'cancel' in sign ? { cancel: 'yes' } : { ...sign }) : {}
      if (left === undefined) throw new Error(`The provider did not send the browser back: ${page}`)
      return Object.fromEntries(left.searchParams)
    },
    /** Signs out of everything at the provider. */
    async signOut(): Promise<string> {
      const { page } = await go(`${site}/session/end`)
      return (await post(page, {})).page
    },
  }
}
