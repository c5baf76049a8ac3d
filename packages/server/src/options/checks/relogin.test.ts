import { expect, test } from 'vitest'
import { TEST_POLICY } from '../../domain.test-support.ts'
import { createSqliteStore } from '../../stores/sqlite/index.ts'
import { OptionsError } from '../error.ts'
import { parseOptions } from '../options.ts'

const store = createSqliteStore({ path: ':memory:' })
const PAGE = 'https://app.example.com/done'
const relogin = { clientId: 'stile', clientSecret: 'do not tell', redirectUris: [PAGE] }
const acrMap = { 'urn:mfa': 'mfa', phr: 'phr' }

const optionsWith = (issuer: object, more: object = {}) => ({
  publicUrl: 'https://app.example.com/stile',
  environment: 'live',
  secret: Buffer.alloc(32, 9).toString('base64'),
  policy: TEST_POLICY,
  store,
  issuers: [{ id: 'main', issuer: 'https://login.example', jwks: 'https://login.example/jwks', audience: 'stile', ...issuer }],
  clients: [{ id: 'web', origins: ['https://app.example.com'] }],
  audiences: [{ id: 'https://api.example.com', issuers: ['main'], clients: ['web'] }],
  webauthn: { rpId: 'example.com', rpName: 'Example', origins: ['https://app.example.com'] },
  log: 'silent',
  ...more,
})

function refusalOf(issuer: object, more?: object): OptionsError | undefined {
  try {
    parseOptions(optionsWith(issuer, more))
  } catch (error) {
    if (error instanceof OptionsError) return error
    throw error
  }
  return undefined
}

test('a login provider needs a client and a page, and has defaults for the rest', () => {
  const [issuer] = parseOptions(optionsWith({ relogin, acrMap, stepUp: { mfa: { acr_values: 'urn:mfa phr' } } })).issuers
  expect(issuer).toMatchObject({
    relogin: { clientId: 'stile', scope: 'openid', loginHint: 'email', parameters: {} },
    stepUp: { mfa: { acr_values: 'urn:mfa phr', parameters: {} } },
  })
  expect(parseOptions(optionsWith({})).issuers[0]).toMatchObject({ stepUp: {} })
})

test.each<[string, object, string]>([
  ['no client id', { relogin: { redirectUris: [PAGE] } }, 'relogin.clientId'],
  ['no page', { relogin: { ...relogin, redirectUris: [] } }, 'relogin.redirectUris'],
  [
    'a page of an origin that is no client’s',
    { relogin: { ...relogin, redirectUris: ['https://evil.example/'] } },
    'relogin.redirectUris[0]',
  ],
  ['a page over plain http', { relogin: { ...relogin, redirectUris: ['http://app.example.com/'] } }, 'relogin.redirectUris[0]'],
  ['a page with a fragment', { relogin: { ...relogin, redirectUris: [`${PAGE}#x`] } }, 'relogin.redirectUris[0]'],
  ['a page that is a script', { relogin: { ...relogin, redirectUris: ['javascript:alert(1)'] } }, 'relogin.redirectUris[0]'],
  ['a provider over plain http', { relogin: { ...relogin, issuer: 'http://login.example' } }, 'relogin.issuer'],
  ['a provider with a query', { relogin: { ...relogin, issuer: 'https://login.example?a' } }, 'relogin.issuer'],
  ['no provider where the issuer is no URL', { issuer: 'my app', relogin }, 'relogin.issuer'],
  [
    'a way to send a secret and no secret',
    { relogin: { ...relogin, clientSecret: undefined, clientAuthentication: 'client_secret_post' } },
    'relogin.clientSecret',
  ],
  ['a scope without openid', { relogin: { ...relogin, scope: 'profile' } }, 'relogin.scope'],
  ['a scope that is no list', { relogin: { ...relogin, scope: 'openid  profile' } }, 'relogin.scope'],
  ['a parameter that would weaken the request', { relogin: { ...relogin, parameters: { prompt: 'none' } } }, 'relogin.parameters'],
  ['a parameter that would move the answer', { relogin: { ...relogin, parameters: { redirect_uri: PAGE } } }, 'relogin.parameters'],
  ['a misspelt option', { relogin: { ...relogin, clientID: 'x' } }, 'relogin.clientID'],
  ['levels without a provider', { acrMap, stepUp: { mfa: { acr_values: 'urn:mfa' } } }, 'stepUp'],
  ['a level that needs nothing', { relogin, acrMap, stepUp: { session: { acr_values: 'urn:mfa' } } }, 'stepUp.session'],
  ['an acr that no map knows', { relogin, acrMap, stepUp: { mfa: { acr_values: 'urn:mfa urn:other' } } }, 'stepUp.mfa.acr_values'],
  ['an acr that counts as less', { relogin, acrMap, stepUp: { phr: { acr_values: 'urn:mfa' } } }, 'stepUp.phr.acr_values'],
  ['an acr that every object has', { relogin, acrMap, stepUp: { mfa: { acr_values: 'constructor' } } }, 'stepUp.mfa.acr_values'],
  ['no acr', { relogin, acrMap, stepUp: { mfa: { acr_values: '' } } }, 'stepUp.mfa.acr_values'],
  [
    'a parameter that would ask for another level',
    { relogin, acrMap, stepUp: { mfa: { acr_values: 'urn:mfa', parameters: { acr_values: 'x' } } } },
    'stepUp.mfa.parameters',
  ],
])('%s is refused where it stands, and the secret is not told', (_, issuer, path) => {
  const error = refusalOf(issuer)
  expect([...new Set(error?.issues.map((issue) => issue.path))]).toEqual([`issuers[0].${path}`])
  for (const { why, fix } of error?.issues ?? []) for (const text of [why, fix]) expect(text.length).toBeGreaterThan(10)
  expect(error?.message).not.toContain('do not tell')
})

test('plain http is for this machine and for tests, and a page may stand on an origin that a pattern names', () => {
  expect(refusalOf({ relogin: { ...relogin, issuer: 'http://localhost:4000' } })).toBeUndefined()
  const test = { environment: 'test', clients: [{ id: 'web', origins: ['https://*.example.com'] }] }
  expect(refusalOf({ relogin: { ...relogin, issuer: 'http://idp.internal' } }, test)).toBeUndefined()
})
