import Provider, { type Configuration, interactionPolicy, type JWK, type KoaContextWithOIDC } from 'oidc-provider'
import { env } from '../shared/env.ts'
import { MFA_ACR, PASSWORD_ACR } from '../shared/sign-in-levels.ts'
import { userOf } from '../shared/users.ts'
import { createAdapter } from './adapter.ts'
import { page, signOutForm } from './pages.ts'

/** The clients that the identity provider knows: the product, and the verification service that asks for a fresh sign-in. */
function clients(): Configuration['clients'] {
  return [
    {
      client_id: 'quarterly',
      client_secret: env.idpAppSecret,
      client_name: 'Quarterly',
      redirect_uris: [`${env.api}/api/sso/callback`],
      post_logout_redirect_uris: [`${env.web}/`],
    },
    {
      client_id: 'stile',
      client_secret: env.idpServiceSecret,
      client_name: 'Quarterly',
      // a page of the product: the service's own address is none that a browser ever sees
      redirect_uris: [`${env.web}/signed-in-again.html`],
      backchannel_logout_uri: `${env.service}/v1/backchannel-logout/sso`,
      backchannel_logout_session_required: true,
    },
  ]
}

/** The login prompt, which also comes if more is asked for than the session at the identity provider has shown. */
function policy(): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base()
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('acr_wanted', 'a stronger sign-in is asked for', ({ oidc }) => {
      return asksForMfa(oidc.params?.acr_values) && oidc.session?.acr !== MFA_ACR && oidc.result?.login === undefined
    }),
  )
  return prompts
}

/** Whether `acr_values` asks for the phone, too. */
export function asksForMfa(acrValues: unknown): boolean {
  return typeof acrValues === 'string' && acrValues.split(' ').includes(MFA_ACR)
}

/** A real OpenID provider: code flow with PKCE, `prompt=login`, `max_age`, `acr_values`, back-channel logout. */
export function createProvider({ signingKey, cookieKey }: Readonly<{ signingKey: JWK; cookieKey: string }>): Provider {
  return new Provider(env.idp, {
    adapter: createAdapter(),
    clients: clients() ?? [],
    clientDefaults: { id_token_signed_response_alg: 'ES256', response_types: ['code'], grant_types: ['authorization_code'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    jwks: { keys: [signingKey] },
    cookies: {
      keys: [cookieKey],
      names: { session: 'quarterly_id', interaction: 'quarterly_id_sign_in', resume: 'quarterly_id_resume' },
    },
    responseTypes: ['code'],
    pkce: { required: () => true },
    acrValues: [PASSWORD_ACR, MFA_ACR],
    scopes: ['openid'],
    // what the scopes mean stands in the ID token, too: there is no second request for it
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
      email: ['email', 'email_verified'],
      profile: ['name'],
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      claimsParameter: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutPage, postLogoutSuccessSource: signedOutPage },
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 12 * 3600, IdToken: 300, Interaction: 900, Session: 12 * 3600 },
    interactions: { policy: policy(), url: (_, { uid }) => `/sign-in/${uid}` },
    findAccount: (_, sub) => {
      const user = userOf(sub)
      return user && { accountId: sub, claims: () => ({ sub, name: user.name, email: user.email, email_verified: true }) }
    },
    async loadExistingGrant({ oidc }) {
      const { client, session, account, provider } = oidc
      if (!client || !session || !account) return undefined
      // one session id for both clients, and both are told when it ends: the service must hear of it although the product signed in
      session.sidFor('quarterly', session.uid)
      session.sidFor('stile', session.uid)
      // both are the demo's own, so users are not asked for consent
      const known = session.grantIdFor(client.clientId)
      const grant =
        (known !== undefined && (await provider.Grant.find(known))) ||
        new provider.Grant({ clientId: client.clientId, accountId: account.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    renderError(context, { error, error_description: description }) {
      context.type = 'html'
      context.body = page('That did not work', {
        body: [
          { text: `${description ?? 'The request cannot be answered.'} (${error})` },
          { text: 'Go back to Quarterly and start again.' },
        ],
      })
    },
    // every client is on this machine, which the provider's own fetch would refuse to call
    fetch: (url, init) => {
      const { dispatcher: _, ...rest } = { dispatcher: undefined, ...init }
      return fetch(url, rest)
    },
  })
}

function signOutPage(context: KoaContextWithOIDC, form: string): void {
  const body = [{ text: 'This ends your sign-in everywhere you used Quarterly ID.' }]
  // who was sent here by the product has already said so there
  const told = context.oidc.entities.IdTokenHint !== undefined
  context.body = page('Sign out', { html: signOutForm(form, told), body })
}

function signedOutPage(context: KoaContextWithOIDC): void {
  context.body = page('Signed out', { body: [{ text: 'You are signed out of Quarterly ID, and of what you used it for.' }], link: env.web })
}
