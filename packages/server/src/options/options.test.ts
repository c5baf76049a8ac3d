import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TEST_POLICY } from '../domain.test-support.ts'
import { createSqliteStore } from '../stores/sqlite/index.ts'
import { OptionsError } from './error.ts'
import { parseOptions } from './options.ts'
import { isOriginPattern, matchesOrigin } from './origins.ts'

const store = createSqliteStore({ path: ':memory:' })

const good = {
  publicUrl: 'https://app.example.com/stile',
  environment: 'live',
  secret: Buffer.alloc(32, 9).toString('base64'),
  policy: TEST_POLICY,
  store,
  issuers: [{ id: 'main', issuer: 'https://login.example', jwks: 'https://login.example/jwks', audience: 'stile' }],
  clients: [{ id: 'web', origins: ['https://app.example.com'] }],
  audiences: [{ id: 'https://api.example.com', issuers: ['main'], clients: ['web'] }],
  webauthn: { rpId: 'example.com', rpName: 'Example', origins: ['https://app.example.com'] },
  log: 'silent',
}

function issuesOf(change: object): readonly { path: string; what: string; why: string; fix: string }[] {
  try {
    parseOptions({ ...good, ...change })
  } catch (error) {
    if (error instanceof OptionsError) return error.issues
    throw error
  }
  return []
}

test('good options come back with every default filled in', () => {
  expect(parseOptions(good)).toMatchObject({
    secret: new Uint8Array(32).fill(9),
    session: { idleSeconds: 43_200, absoluteSeconds: 604_800 },
    heartbeatSeconds: 15,
    allowRpIdChange: false,
    issuers: [
      { typ: ['JWT'], algs: ['ES256'], claims: { subject: 'sub', session: 'sid', authTime: 'auth_time', actor: 'act.sub' }, acrMap: {} },
    ],
    audiences: [{ binding: 'dpop' }],
  })
})

test('threat: tokens that are bound to no key', () => {
  const [audience] = good.audiences
  expect(issuesOf({ audiences: [{ ...audience, binding: 'none' }] })).toMatchObject([{ path: 'audiences[0].binding' }])
})

test('every fault is told at once, each with where, what, why and how', () => {
  const issues = issuesOf({ publicUrl: 'https://app.example.com/', secret: 'short', issuers: [], audiences: undefined, misspelt: 1 })
  expect(issues.map(({ path }) => path).sort()).toEqual(['audiences', 'issuers', 'misspelt', 'publicUrl', 'secret'])
  for (const { what, why, fix } of issues) for (const text of [what, why, fix]) expect(text.length).toBeGreaterThan(5)
})

test('a document is as good as a defined policy, and its faults are told with the others', () => {
  expect(parseOptions({ ...good, policy: TEST_POLICY.document }).policy.digest).toBe(TEST_POLICY.digest)
  expect(issuesOf({ policy: { format: 1, features: {}, tiers: {}, fetures: {} } })).toMatchObject([
    { path: 'policy', what: expect.stringContaining('fetures') },
  ])
})

test.each<[string, object, string]>([
  ['a public URL with a query', { publicUrl: 'https://app.example.com/?a=1' }, 'publicUrl'],
  ['a public URL with a slash at its end', { publicUrl: 'https://app.example.com/stile/' }, 'publicUrl'],
  ['a public URL that is not in its normal form', { publicUrl: 'https://APP.example.com:443' }, 'publicUrl'],
  ['a public URL with a password', { publicUrl: 'https://me:secret@app.example.com' }, 'publicUrl'],
  ['plain http in live', { publicUrl: 'http://app.example.com' }, 'publicUrl'],
  ['another scheme', { publicUrl: 'ftp://app.example.com' }, 'publicUrl'],
  ['a wildcard origin in live', { clients: [{ id: 'web', origins: ['https://*.example.com'] }] }, 'clients[0].origins[0]'],
  ['an origin with a path', { clients: [{ id: 'web', origins: ['https://app.example.com/'] }] }, 'clients[0].origins[0]'],
  ['a client listed twice', { clients: [...good.clients, ...good.clients] }, 'clients[1].id'],
  ['an issuer id with a bar, which would split a subject elsewhere', { issuers: [{ ...good.issuers[0], id: 'a|b' }] }, 'issuers[0].id'],
  ['an issuer listed twice', { issuers: [good.issuers[0], { ...good.issuers[0], id: 'other' }] }, 'issuers[1].issuer'],
  ['Stile itself as issuer', { issuers: [{ ...good.issuers[0], issuer: good.publicUrl }] }, 'issuers[0].issuer'],
  ['a shared-secret algorithm', { issuers: [{ ...good.issuers[0], algs: ['HS256'] }] }, 'issuers[0].algs[0]'],
  ['no signature at all', { issuers: [{ ...good.issuers[0], algs: ['none'] }] }, 'issuers[0].algs[0]'],
  [
    'a private key in the key set',
    { issuers: [{ ...good.issuers[0], jwks: { keys: [{ kty: 'EC', d: 'x' }] } }] },
    'issuers[0].jwks.keys[0]',
  ],
  ['keys over plain http', { issuers: [{ ...good.issuers[0], jwks: 'http://login.example/jwks' }] }, 'issuers[0].jwks'],
  ['the token id as session', { issuers: [{ ...good.issuers[0], claims: { session: 'jti' } }] }, 'issuers[0].claims.session'],
  ['the time of issue as session', { issuers: [{ ...good.issuers[0], claims: { session: 'iat' } }] }, 'issuers[0].claims.session'],
  ['the time of issue as time of login', { issuers: [{ ...good.issuers[0], claims: { authTime: 'iat' } }] }, 'issuers[0].claims.authTime'],
  ['the typ of assurance tokens', { issuers: [{ ...good.issuers[0], typ: ['at+JWT'] }] }, 'issuers[0].typ[0]'],
  [
    'the typ of assurance tokens, written out',
    { issuers: [{ ...good.issuers[0], typ: [null, 'application/at+jwt'] }] },
    'issuers[0].typ[1]',
  ],
  ['a typ that is neither a text nor null', { issuers: [{ ...good.issuers[0], typ: [false] }] }, 'issuers[0].typ[0]'],
  ['accounts that are nobody’s', { issuers: [{ ...good.issuers[0], accounts: 'mine' }] }, 'issuers[0].accounts'],
  [
    'several issuers that name accounts, and one does not say whose they are',
    {
      issuers: [
        { ...good.issuers[0], claims: { account: 'org' }, accounts: 'shared' },
        { ...good.issuers[0], id: 'other', issuer: 'https://other.example', claims: { account: 'org' } },
      ],
    },
    'issuers[1].accounts',
  ],
  ['an acr that maps to no level', { issuers: [{ ...good.issuers[0], acrMap: { gold: 'best' } }] }, 'issuers[0].acrMap.gold'],
  ['an audience of an issuer that is not there', { audiences: [{ ...good.audiences[0], issuers: ['other'] }] }, 'audiences[0].issuers[0]'],
  ['an audience of a client that is not there', { audiences: [{ ...good.audiences[0], clients: ['other'] }] }, 'audiences[0].clients[0]'],
  ['an rpId that is no parent of an origin', { webauthn: { ...good.webauthn, rpId: 'app.example' } }, 'webauthn.origins[0]'],
  ['an rpId that only ends like the host', { webauthn: { ...good.webauthn, origins: ['https://evilexample.com'] } }, 'webauthn.origins[0]'],
  [
    'a wildcard for passkeys',
    { environment: 'test', webauthn: { ...good.webauthn, origins: ['https://*.example.com'] } },
    'webauthn.origins[0]',
  ],
  ['a secret of 31 bytes', { secret: Buffer.alloc(31).toString('base64') }, 'secret'],
  ['a heartbeat that comes after pages have given up', { heartbeatSeconds: 45 }, 'heartbeatSeconds'],
  ['a session that idles longer than it lives', { session: { idleSeconds: 700_000 } }, 'session.idleSeconds'],
  ['a window of codes that lets too many through', { totp: { windowSteps: 3 } }, 'totp.windowSteps'],
  ['a window of codes that is no whole number', { totp: { windowSteps: 0.5 } }, 'totp.windowSteps'],
  ['a page for recovery with a fragment', { recovery: { url: 'https://app.example.com/recover#' } }, 'recovery.url'],
  ['a page for recovery of somebody else', { recovery: { url: 'https://evil.example/recover' } }, 'recovery.url'],
  ['a page for recovery that is no URL', { recovery: { url: '/recover' } }, 'recovery.url'],
])('%s is refused', (_what, change, path) => {
  expect(issuesOf(change).map((issue) => issue.path)).toEqual([path])
})

test('what only a test service may do', () => {
  expect(
    issuesOf({ environment: 'test', publicUrl: 'http://app.test', clients: [{ id: 'web', origins: ['*', 'https://*.example.com'] }] }),
  ).toEqual([])
  expect(
    issuesOf({ publicUrl: 'http://localhost:4000', webauthn: { rpId: 'localhost', rpName: 'x', origins: ['http://localhost:5173'] } }),
  ).toEqual([])
})

test.each([
  ['', 'empty'],
  [undefined, 'missing'],
  ['not base64!', 'base64'],
])('a secret that is %j is told from one that is malformed, with the variable and the command that makes one', (secret, what) => {
  const [issue, ...more] = issuesOf({ secret })
  expect(more).toEqual([])
  expect(issue).toMatchObject({
    path: 'secret',
    what: expect.stringContaining(what),
    fix: expect.stringMatching(/`stile secret`.*STILE_SECRET/),
  })
})

test('no message shows the secret', () => {
  const secret = 'bm90IHRoaXJ0eS10d28gYnl0ZXM='
  try {
    parseOptions({ ...good, secret, issuers: 'x' })
    expect.unreachable()
  } catch (error) {
    expect(String(error)).not.toContain(secret)
  }
})

test('whatever is given, options are refused with issues or accepted, and nothing else is thrown', () => {
  const value = fc.anything()
  const keys = fc.constantFrom(...Object.keys(good))
  fc.assert(
    fc.property(keys, value, (key, given) => {
      for (const { path } of issuesOf({ [key]: given })) expect(typeof path).toBe('string')
    }),
  )
})

test('a wildcard stands for hosts below its domain, never for its look-alikes', () => {
  const pattern = 'https://*.example.com'
  expect(matchesOrigin(pattern, 'https://a.example.com')).toBe(true)
  for (const origin of [
    'https://example.com',
    'http://a.example.com',
    'https://a.example.com.evil.com',
    'https://aexample.com',
    'https://a.example.com:8443',
    'null',
  ])
    expect(matchesOrigin(pattern, origin), origin).toBe(false)
  expect(isOriginPattern('https://*')).toBe(false)
  fc.assert(
    fc.property(fc.domain(), fc.constantFrom('.example.com', 'example.com', '.example.com.evil.org', ''), (host, end) => {
      expect(matchesOrigin(pattern, `https://${host}${end}`)).toBe(`${host}${end}`.endsWith('.example.com'))
    }),
  )
})

test('mail goes to a server or to the hook, never to both', () => {
  const mail = { from: 'Example <no-reply@example.com>', url: 'smtps://user:pass%40word@smtp.example.com' }
  expect(parseOptions({ ...good, mail })).toMatchObject({ mail, help: 'your administrator' })
  expect(parseOptions({ ...good, mail: { from: 'a@example.com' }, deliver: async () => undefined })).toBeDefined()
  expect(issuesOf({ mail: { from: 'a@example.com' } })).toMatchObject([{ path: 'mail.url' }])
  expect(issuesOf({ mail, deliver: async () => undefined })).toMatchObject([{ path: 'deliver' }])
})

test.each([
  ['mail.url', { from: 'a@example.com', url: 'https://user:hush@example.com' }],
  ['mail.url', { from: 'a@example.com', url: 'smtp://user:hush@example.com?ignoreTLS=true' }],
  ['mail.url', { from: 'a@example.com', url: 'smtp://user:hush%@example.com' }],
  ['mail.url', { from: 'a@example.com', url: 'hush' }],
  ['mail.from', { from: 'hush', url: 'smtp://example.com' }],
  ['mail.from', { from: 'a@example.com\r\nBcc: hush@example.com', url: 'smtp://example.com' }],
  ['mail.from', { from: 'hush <a@example.com>, <b@example.com>', url: 'smtp://example.com' }],
  ['mail.transport', { from: 'a@example.com', transport: 'hush' }],
  ['mail.templates', { from: 'a@example.com', url: 'smtp://example.com', templates: {} }],
])('refuses a wrong %s in %j without repeating it', (path, mail) => {
  const issues = issuesOf({ mail })
  expect(issues.map((each) => each.path)).toContain(path)
  expect(JSON.stringify(issues)).not.toContain('hush')
})

test.each(['', 'two\nlines', 'x'.repeat(201)])('refuses %j as who can help', (help) => {
  expect(issuesOf({ help })).toMatchObject([{ path: 'help' }])
})
