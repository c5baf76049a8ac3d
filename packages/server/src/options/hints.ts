/** Why an option exists and how to set it, by its path with `[]` for any index. A path without an entry takes its parent's. */
export const HINTS: Readonly<Record<string, Readonly<{ why: string; fix: string }>>> = {
  '': {
    why: 'Every option is read once, at start, so that nothing surprises a user later.',
    fix: 'Pass one object with the documented options.',
  },
  publicUrl: {
    why: 'It is the issuer of every token, and device proofs are checked against it instead of the Host header.',
    fix: "Give the URL under which browsers and guards reach the service, such as 'https://app.example.com/stile'.",
  },
  environment: {
    why: "It separates live keys from test keys; only 'test' allows wildcard origins, and plain http beyond this machine: http://localhost is allowed in both.",
    fix: "Say 'live' or 'test'.",
  },
  secret: {
    why: 'It seals TOTP secrets and signing keys at rest; without it nobody can read them, neither can the service.',
    fix: 'Make one with `stile secret`, keep it outside the database, such as in STILE_SECRET, and give its 32 bytes in base64.',
  },
  previousSecrets: {
    why: 'They open what they sealed until `stile secret rotate` has sealed it with `secret`.',
    fix: 'List the former secrets, each as 32 bytes in base64, or leave it out.',
  },
  policy: {
    why: 'It decides every feature; without one everything is denied.',
    fix: 'Give the value of definePolicy, or a policy document.',
  },
  store: {
    why: 'Sessions, proofs, licenses and keys live in it.',
    fix: "Open one, such as createSqliteStore from '@stile/server/sqlite'.",
  },
  issuers: {
    why: 'A subject is who a configured issuer says; without an issuer nobody can sign in.',
    fix: 'List each primary login: { id, issuer, jwks, audience }.',
  },
  'issuers[].id': {
    why: 'It is the first half of every subject and never changes.',
    fix: 'Use 1 to 32 of a-z, 0-9 and "-", such as "auth0".',
  },
  'issuers[].issuer': {
    why: 'The `iss` of a session token is compared with it byte for byte.',
    fix: 'Copy `iss` from a token of this issuer.',
  },
  'issuers[].jwks': {
    why: 'Session tokens are verified with these keys.',
    fix: 'Give the https URL of the key set, or the set itself as { keys: [public JWK, …] }.',
  },
  'issuers[].typ': {
    why: 'It keeps other tokens of the same issuer from passing as session tokens.',
    fix: "List the `typ` headers to accept, such as ['JWT'], and null beside them if the issuer sends tokens without one.",
  },
  'issuers[].algs': {
    why: 'A verifier that takes any algorithm takes forged tokens.',
    fix: 'List signature algorithms with a public key: ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA, Ed25519.',
  },
  'issuers[].audience': {
    why: 'A token for another application of the same issuer must not open a session here.',
    fix: 'Give the `aud` of the session tokens.',
  },
  'issuers[].claims': {
    why: 'Issuers name their claims differently.',
    fix: 'Map subject, account, session, authTime, acr, amr, actor, email, emailVerified or name to a claim name.',
  },
  'issuers[].claims.session': {
    why: '`jti` and `iat` differ in every token, so that each renewal would be a new session without proofs.',
    fix: 'Name a claim that stays the same for one login, such as `sid`, or leave it out.',
  },
  'issuers[].claims.authTime': {
    why: 'When a token was issued says nothing about when its user proved who they are.',
    fix: 'Name the claim with the time of the primary login, such as `auth_time`.',
  },
  'issuers[].accounts': {
    why: 'One issuer could name the account of another, and get its license.',
    fix: "Say 'own' so that its accounts are kept as <issuer id>:<name>, or 'shared' if it may name the accounts of every issuer that shares.",
  },
  'issuers[].emailVerifiedAsText': {
    why: 'Some issuers say that an address was verified with the text "true"; a text is otherwise no yes.',
    fix: 'Set it to true for an issuer that does so, such as Cognito or Sign in with Apple.',
  },
  'issuers[].acrMap': {
    why: 'It says what the primary login already proves.',
    fix: "Map each `acr` of the issuer to 'session', 'mfa', 'phr' or 'phrh'.",
  },
  'issuers[].requireCnf': {
    why: 'A session token that names no device key is worth as much to a thief who brings a key of their own.',
    fix: 'Set true once your application mints tokens for the key that the SDK passes to session({ jkt }).',
  },
  'issuers[].maxTokenAgeSeconds': {
    why: 'It bounds how old a session token may be, whatever its `exp`.',
    fix: 'Give whole seconds, such as 300.',
  },
  'issuers[].relogin': {
    why: 'With it users sign in again at the login provider, in a popup, instead of through the application.',
    fix: "Register a client there and give { clientId, clientSecret, redirectUris: ['https://app.example.com/stile/done'] }.",
  },
  'issuers[].relogin.name': {
    why: 'Users read it on the button that leads to the login provider.',
    fix: 'Give what they call it, such as "Acme ID", in at most 64 characters, or leave it out: then they read its host.',
  },
  'issuers[].relogin.issuer': {
    why: 'Its metadata is read from <issuer>/.well-known/openid-configuration.',
    fix: 'Give the OpenID Connect issuer URL of the login provider; default is the issuer itself where that is a URL.',
  },
  'issuers[].relogin.clientSecret': {
    why: 'With it the login provider knows that it is this service that redeems a code.',
    fix: 'Copy it from the login provider, or leave it out for a public client.',
  },
  'issuers[].relogin.clientAuthentication': {
    why: 'Some login providers take the secret in one way alone and do not say so in their metadata.',
    fix: "Say 'client_secret_basic' or 'client_secret_post', or leave it out: then their metadata decides.",
  },
  'issuers[].relogin.loginHint': {
    why: 'With it the login provider asks for the password of the right user at once.',
    fix: "Say 'email', 'sub' or 'none'; the default is 'email'.",
  },
  'issuers[].relogin.redirectUris': {
    why: 'The login provider sends the user back there; the page hands the answer on with the key of its own device.',
    fix: "Give a page of each origin that users come from, such as 'https://app.example.com/stile/done', and register it there too.",
  },
  'issuers[].relogin.scope': {
    why: 'Without openid there is no ID token, and nothing is proven.',
    fix: "Write 'openid', or more after it.",
  },
  'issuers[].relogin.parameters': {
    why: 'Some login providers want parameters of their own; those that make the request safe are not to be replaced.',
    fix: "Give what the provider's documentation asks for, such as { audience: '…' }, and leave out what the service sets itself.",
  },
  'issuers[].stepUp': {
    why: 'It says what to ask the login provider for, so that signing in again there counts as more than the session.',
    fix: "Give { mfa: { acr_values: '…' } }, and map what it answers in acrMap.",
  },
  'issuers[].firstEnrollment': {
    why: 'Where the login provider has a second factor, a password alone must not be enough to add another one here.',
    fix: "Leave it out, or say 'login' where not every user has that factor at the provider.",
  },
  clients: {
    why: 'Only origins of a client may call the service from a browser.',
    fix: "List the front ends: { id: 'web', origins: ['https://app.example.com'] }.",
  },
  'clients[].origins': {
    why: 'Browsers send the origin, and it is compared exactly.',
    fix: "Write scheme and host as the address bar has them, without a path: 'https://app.example.com'.",
  },
  audiences: {
    why: 'A token is for one API and says so in `aud`.',
    fix: "List the APIs: { id: 'https://api.example.com', issuers: ['main'], clients: ['web'] }.",
  },
  'audiences[].binding': {
    why: 'A token that is bound to no key works for whoever steals it, and guards refuse it.',
    fix: 'Leave the option out: every token is bound to the key of its device. Back ends are told apart by `identify` of the guard.',
  },
  webauthn: {
    why: 'Passkeys belong to one domain for ever; with another rpId every enrolled passkey is lost.',
    fix: "Give { rpId: 'example.com', rpName: 'Example', origins: ['https://app.example.com'] }.",
  },
  'webauthn.rpId': {
    why: 'Browsers refuse a passkey whose rpId is not the page’s host or a parent domain of it.',
    fix: 'Give the domain that all your origins end with, without scheme or port; an IP address cannot be one.',
  },
  totp: {
    why: 'Phones are seldom more than half a minute wrong; each step more lets two guesses in a million more through.',
    fix: 'Give { windowSteps } as 0, 1 or 2; the default is 1.',
  },
  recovery: {
    why: 'The link of an administrator opens a page of the product, which leads through recovery.',
    fix: "Give { url: 'https://app.example.com/recover' }, a page on an origin of a client.",
  },
  mail: {
    why: 'Codes and notices are sent by mail; without it there are none.',
    fix: "Give { from: 'Example <no-reply@example.com>', url: 'smtps://user:password@smtp.example.com' }.",
  },
  'mail.from': { why: 'People see it, and servers check it.', fix: "Write 'no-reply@example.com' or 'Example <no-reply@example.com>'." },
  'mail.url': {
    why: 'Mails are handed to this server.',
    fix: "Write 'smtp://host:587' or 'smtps://user:password@host', special characters percent-encoded; everything else goes into mail.transport.",
  },
  'mail.transport': { why: 'It says what the URL cannot.', fix: 'Give the SMTP options of nodemailer as an object.' },
  'mail.templates': {
    why: 'It writes mails in your words.',
    fix: 'Give a function of the message that answers { subject, text, html }, or undefined for the built-in words.',
  },
  deliver: {
    why: 'It takes mails over instead of a mail server.',
    fix: 'Give an async function that resolves when it has taken the mail over.',
  },
  help: {
    why: 'Refusals and mails name who can help.',
    fix: "Give a part of a sentence, such as 'your administrator' or 'support@example.com'.",
  },
  'webauthn.relatedOrigins': {
    why: 'Browsers let pages of other domains use the passkeys only where https://<rpId>/.well-known/webauthn lists them.',
    fix: "List origins of other domains, such as ['https://app.example.org'], and serve this service's answer under the rpId; browsers read at most five domains.",
  },
  'webauthn.attestation': {
    why: 'A security key counts as phrh only where its maker is trusted and its model is allowed; without this it counts as phr.',
    fix: "Give { metadata: { url: 'https://mds3.fidoalliance.org/' } }, or the roots of makers together with the aaguids of models.",
  },
  'webauthn.attestation.roots': {
    why: 'Whoever holds one of these roots says what is a hardware key.',
    fix: 'Give the root certificates of makers, each one certificate in PEM.',
  },
  'webauthn.attestation.aaguids': {
    why: 'One root of a maker vouches for many models, weak ones too.',
    fix: "List the models that count as hardware keys, such as ['2fc0579f-8113-47ea-b116-bb5a8db9202a'].",
  },
  'webauthn.attestation.metadata': {
    why: 'They say which models there are, who vouches for each, and which are no longer safe.',
    fix: "Give { url: 'https://mds3.fidoalliance.org/' }, or { path } to a blob that you fetch yourself.",
  },
  'webauthn.attestation.metadata.path': {
    why: 'Metadata that are not signed, or older than what was read before, could bring back a model that was found unsafe.',
    fix: 'Fetch the blob from https://mds3.fidoalliance.org/ again, or give the root of who signed it as webauthn.attestation.metadata.root.',
  },
  'webauthn.attestation.metadata.root': {
    why: 'Who signs the metadata decides which keys are trusted; default is the FIDO Alliance.',
    fix: 'Give the root certificate of who signs them, in PEM, or leave it out.',
  },
  session: {
    why: 'A session that outlives its user is a door left open.',
    fix: 'Give idleSeconds and absoluteSeconds as whole seconds, idle not longer than absolute.',
  },
  heartbeatSeconds: {
    why: 'Proxies close streams that stay silent, and a page takes one that was silent for 45 seconds as dead.',
    fix: 'Give 1 to 30 seconds; the default is 15.',
  },
  log: {
    why: 'Every request is logged with its id, and never with a secret.',
    fix: 'Give a pino logger, or one of: silent, fatal, error, warn, info, debug, trace.',
  },
  now: { why: 'Every decision depends on the time.', fix: 'Give a function that answers seconds since the epoch, or leave it out.' },
  random: {
    why: 'Every id and key depends on it.',
    fix: 'Give a function that answers as many strong random bytes as asked for, or leave it out.',
  },
  allowRpIdChange: { why: 'A changed rpId loses every enrolled passkey.', fix: 'Set it to true only to accept that loss.' },
}
