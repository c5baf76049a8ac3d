import { isPolicy, type Policy, parsePolicy } from '@stile/policy'
import { LEVELS, type Level } from '@stile/protocol'
import { z } from 'zod'
import type { OutgoingMail, Templates } from '../messages/message.ts'
import { isSender } from '../messages/sender.ts'
import { isSmtpUrl } from '../messages/smtp-url.ts'
import type { Store } from '../stores/store.ts'
import { httpUrl } from './transport.ts'
import { webauthnSection } from './webauthn.ts'

const seconds = (least: number, most: number) => z.int().min(least).max(most)
const name = z.string().min(1).max(512)
const id = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and "-"')

/** Signature algorithms with a public key; a shared secret (HS256) or none would let anyone sign. */
export const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'] as const

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

const publicJwk = z
  .looseObject({ kty: z.enum(['EC', 'RSA', 'OKP'], 'must be EC, RSA or OKP: keys with a public half') })
  .refine((jwk) => !('d' in jwk) && !('k' in jwk), 'holds a private key; list only the public half')

const claims = z.strictObject({
  subject: name.default('sub'),
  account: name.optional(),
  session: name.default('sid').refine((claim) => !['jti', 'iat', 'exp', 'nbf'].includes(claim), 'cannot be jti, iat, exp or nbf'),
  authTime: name.default('auth_time').refine((claim) => !['iat', 'exp', 'nbf'].includes(claim), 'cannot be iat, exp or nbf'),
  acr: name.default('acr'),
  amr: name.default('amr'),
  actor: name.default('act.sub'),
  email: name.optional(),
  emailVerified: name.default('email_verified'),
  name: name.optional(),
})

/** Parameters of an authorization request that make it safe: an operator adds to them and never replaces them. */
const RESERVED_PARAMETERS: readonly string[] = [
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method'],
  ...['prompt', 'max_age', 'acr_values', 'login_hint', 'request', 'request_uri'],
]

const parameters = z
  .record(name, z.string().max(2048))
  .refine(
    (given) => !Object.keys(given).some((key) => RESERVED_PARAMETERS.includes(key)),
    `cannot have ${RESERVED_PARAMETERS.join(', ')}, which the service sets itself`,
  )

const relogin = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  issuer: httpUrl.optional(),
  clientId: name,
  clientSecret: name.optional(),
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post']).optional(),
  redirectUris: z.array(httpUrl).min(1),
  scope: z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'is not a list of scopes with one space between them')
    .refine((scope) => scope.split(' ').includes('openid'), 'does not have openid')
    .default('openid'),
  loginHint: z.enum(['email', 'sub', 'none']).default('email'),
  parameters: parameters.default({}),
})

const stepUpAt = z.strictObject({
  acr_values: z.string().regex(/^[^ ]+( [^ ]+)*$/, 'is not a list of acr values with one space between them'),
  parameters: parameters.default({}),
})

const issuer = z.strictObject({
  id,
  issuer: name,
  jwks: z.union([z.string().refine((url) => URL.canParse(url), 'is not a URL'), z.strictObject({ keys: z.array(publicJwk).min(1) })]),
  typ: z
    .array(name.refine((typ) => !/^(application\/)?at\+jwt$/i.test(typ), 'cannot be at+jwt, which assurance tokens carry').nullable())
    .min(1)
    .default(['JWT']),
  algs: z.array(z.enum(ALGORITHMS)).min(1).default(['ES256']),
  audience: name,
  claims: claims.prefault({}),
  accounts: z.enum(['own', 'shared']).optional(),
  emailVerifiedAsText: z.boolean().default(false),
  acrMap: z.record(name, z.enum(LEVELS as [Level, ...Level[]])).default({}),
  maxTokenAgeSeconds: seconds(1, 31_536_000).optional(),
  requireCnf: z.boolean().default(false),
  relogin: relogin.optional(),
  stepUp: z.strictObject({ mfa: stepUpAt.optional(), phr: stepUpAt.optional(), phrh: stepUpAt.optional() }).default({}),
  firstEnrollment: z.enum(['step-up', 'login']).default('step-up'),
})

const client = z.strictObject({ id: name, origins: z.array(z.string()).min(1) })

const audience = z.strictObject({
  id: name,
  binding: z.literal('dpop').default('dpop'),
  issuers: z.array(name).min(1),
  clients: z.array(name).min(1),
})

const isFunction = <T>(what: string) => z.custom<T>((value) => typeof value === 'function', what)

const bytes32 = z
  .union([
    z.instanceof(Uint8Array),
    z
      .string()
      .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, {
        error: ({ input }) => (input === '' ? 'is empty: the variable that it is read from is not set' : 'is not base64'),
      })
      .transform((text) => new Uint8Array(Buffer.from(text, 'base64url'))),
  ])
  .refine((secret) => secret.length === 32, 'does not have exactly 32 bytes')

const policy = z.unknown().transform((value, context): Policy => {
  if (isPolicy(value)) return value
  const parsed = parsePolicy(value)
  if (parsed.ok) return parsed.policy
  for (const { path, message, suggestion } of parsed.issues)
    context.addIssue({
      code: 'custom',
      path: [],
      message: `${path || '(document)'}: ${message}`,
      params: suggestion === undefined ? {} : { fix: suggestion },
    })
  return z.NEVER
})

const LEAST_LOGGER = ['info', 'warn', 'error', 'debug'] as const

/** A logger as pino makes them; only what Stile uses. */
export type Log = Readonly<{
  level: string
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
  debug(fields: object, message?: string): void
}>

/** What is said to the mail server, as nodemailer takes it. */
export type SmtpTransport = Readonly<{ host?: string; port?: number; secure?: boolean; ignoreTLS?: boolean; [option: string]: unknown }>

/** One schema per option, so that a fault in one never hides a fault in another. */
export const SECTIONS = {
  publicUrl: httpUrl,
  environment: z.enum(['live', 'test']),
  secret: bytes32,
  previousSecrets: z.array(bytes32).max(8).default([]),
  policy,
  store: z.custom<Store>(
    (value) => typeof value === 'object' && value !== null && 'stepUps' in value && 'changes' in value && 'check' in value,
    'is not a store',
  ),
  issuers: z.array(issuer).min(1),
  clients: z.array(client).min(1),
  audiences: z.array(audience).min(1),
  webauthn: webauthnSection,
  totp: z.strictObject({ windowSteps: z.int().min(0).max(2).default(1) }).prefault({}),
  recovery: z.strictObject({ url: httpUrl.optional() }).prefault({}),
  mail: z
    .strictObject({
      from: z.string().max(320).refine(isSender, 'is not an address, alone or behind a name'),
      url: z.string().max(2048).refine(isSmtpUrl, 'is not the URL of a mail server').optional(),
      transport: z
        .custom<SmtpTransport>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be an object')
        .optional(),
      templates: isFunction<Templates>('must be a function').optional(),
    })
    .optional(),
  deliver: isFunction<(mail: OutgoingMail) => Promise<void>>('must be a function').optional(),
  help: z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, 'must be one line of 1 to 200 characters')
    .default('your administrator'),
  session: z
    .strictObject({ idleSeconds: seconds(60, 31_536_000).default(43_200), absoluteSeconds: seconds(60, 31_536_000).default(604_800) })
    .prefault({}),
  heartbeatSeconds: z.number().min(0.05).max(30).default(15),
  log: z
    .union([
      z.enum(LOG_LEVELS),
      z.custom<Log>(
        (value) =>
          typeof value === 'object' &&
          value !== null &&
          LEAST_LOGGER.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
      ),
    ])
    .default('info'),
  now: isFunction<() => number>('must be a function').default(() => () => Math.floor(Date.now() / 1000)),
  random: isFunction<(bytes: number) => Uint8Array>('must be a function').optional(),
  allowRpIdChange: z.boolean().default(false),
} as const

/** Everything that the sections make of their input. */
export type Sections = { [K in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[K]> }

/** Everything that the sections take. */
export type SectionsInput = {
  [K in keyof typeof SECTIONS as undefined extends z.input<(typeof SECTIONS)[K]> ? never : K]: z.input<(typeof SECTIONS)[K]>
} & {
  [K in keyof typeof SECTIONS as undefined extends z.input<(typeof SECTIONS)[K]> ? K : never]?: z.input<(typeof SECTIONS)[K]>
}
