/**
 * A program of somebody else: it uses every package by its public name and sees only what was built, types included. It is compiled and
 * never run.
 */
import { type ClientState, createStile, type Flow, StepUpCancelled, type Stile, StileError } from '@stile/browser'
import { type MountedDialog, mountDialog } from '@stile/browser/dialog'
import { createEnrollment, createRecovery, type EnrollableMethod, type Enrollment, type RecoveryClient } from '@stile/browser/enroll'
import { completeRelogin, leftPage } from '@stile/browser/relogin'
import { createGuard, createSessionIssuer, type GuardResult, generateSessionKey, type Identity } from '@stile/guard'
import { createGuard as createExpressGuard, type ExpressGuard, stileOf } from '@stile/guard/express'
import { decide, definePolicy, diff, type Enrolled, explain, type FeatureOf, parsePolicy, settlesFor, type TierOf } from '@stile/policy'
import {
  type AttestationStatus,
  type Authenticator,
  type Decision,
  type EmailCodeStart,
  LEVELS,
  type Level,
  PROBLEMS,
  type Problem,
  parseProblem,
  RECOVERY_FEATURE,
  type Recovery,
  type RecoveryTicket,
  type ReloginStart,
  readChallenge,
  type StepUpMethod,
} from '@stile/protocol'
import {
  type FeatureState,
  StepUpGate,
  StileProvider,
  TierGuard,
  type UseRecovery,
  useAuthenticators,
  useFeature,
  useLicense,
  useRecovery,
  useStepUp,
  useStile,
} from '@stile/react'
import {
  createApiKey,
  createService,
  type MailMessage,
  type MailTemplates,
  OptionsError,
  type OutgoingMail,
  type Service,
  type ServiceOptions,
} from '@stile/server'
import { loadPolicy, runCli } from '@stile/server/cli'
import { createSqliteStore } from '@stile/server/sqlite'
import { authenticatorOf, createTestService, licenseOf, type Mail } from '@stile/testing'
import express from 'express'
import { createElement, type ReactElement } from 'react'

/** Fails to compile if two types are not the same. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

// the policy: names become types
const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'phr', maxAge: '2m' } },
  },
  tiers: {
    basic: { features: ['reports.view'] },
    pro: { extends: 'basic', features: ['reports.export'] },
    enterprise: { extends: 'pro', features: ['payouts.approve'] },
  },
})
type Feature = 'reports.view' | 'reports.export' | 'payouts.approve'
type Tier = 'basic' | 'pro' | 'enterprise'
same<FeatureOf<typeof policy>, Feature>(true)
same<TierOf<typeof policy>, Tier>(true)
// @ts-expect-error a tier cannot list a feature that does not exist
definePolicy({ format: 1, features: { a: {} }, tiers: { basic: { features: ['b'] } } })

declare module '@stile/react' {
  interface Register {
    policy: typeof policy
  }
}

const request = { license: licenseOf('pro'), assurance: { proofs: [] }, risk: 'normal', now: 0 } as const
const decision: Decision<Feature> = decide(policy, { feature: 'reports.export', ...request })
const enrolled: readonly Enrolled[] = [
  { method: 'security-key', level: 'phrh', settlesAt: 60 },
  { method: 'relogin', level: 'mfa' },
]
const ways: Decision<Feature> = decide(policy, { feature: 'payouts.approve', ...request, enrolled })
const settles: boolean = settlesFor(policy, 'payouts.approve', { level: 'phr' })
// @ts-expect-error a feature that does not exist
decide(policy, { feature: 'reports.exprt', ...request })
const parsed = parsePolicy({})
const lines: readonly string[] = parsed.ok ? diff(policy, parsed.policy).map(String) : parsed.issues.map(({ path }) => path)
const level: Level = LEVELS[0] ?? 'session'
const status: number = PROBLEMS.denied.status
const text: string = explain(decision)

// the service
const options: ServiceOptions = {
  publicUrl: 'http://localhost:4000',
  environment: 'test',
  secret: new Uint8Array(32),
  policy,
  store: createSqliteStore({ path: ':memory:' }),
  issuers: [{ id: 'app', issuer: 'http://localhost:4001', jwks: 'http://localhost:4001/jwks', audience: 'stile' }],
  clients: [{ id: 'web', origins: ['http://localhost:5173'] }],
  audiences: [{ id: 'http://localhost:4001', issuers: ['app'], clients: ['web'] }],
  webauthn: { rpId: 'localhost', rpName: 'Consumer', origins: ['http://localhost:5173'] },
}
const relogin: NonNullable<ServiceOptions['issuers'][number]['relogin']> = {
  clientId: 'stile',
  redirectUris: ['http://localhost:5173/signed-in-again'],
}
const templates: MailTemplates = (message: MailMessage) =>
  message.kind === 'code' ? { subject: 'A code', text: message.code, html: message.code } : undefined
const byMail: ServiceOptions = {
  ...options,
  issuers: options.issuers.map((issuer) => ({ ...issuer, relogin, stepUp: { mfa: { acr_values: 'mfa' } } })),
  webauthn: { ...options.webauthn, relatedOrigins: ['https://other.example'], attestation: { aaguids: [] } },
  totp: { windowSteps: 0 },
  mail: { from: 'Consumer <no-reply@example.com>', url: 'smtp://localhost:1025', templates },
  recovery: { url: 'http://localhost:5173/back-in' },
  help: 'support@example.com',
}
const byHook: ServiceOptions = { ...options, deliver: async ({ to, subject }: OutgoingMail) => void [to, subject] }
const service: Service = createService(options)
const app = express().use('/stile', service.router)
express().use(service.adminRouter).listen(4010)
const isOptionsError = (error: unknown): error is OptionsError => error instanceof OptionsError

// the API
const guardOptions = {
  service: { url: 'http://localhost:4000', key: 'from the environment' },
  audience: 'http://localhost:4001',
  origin: 'http://localhost:4001',
  policy,
  identify: (): Identity | null => ({ issuer: 'app', sub: 'alice', account: 'acme', sid: 's1' }),
}
const guard: ExpressGuard<Feature> = createExpressGuard(guardOptions)
app.get('/export', guard.require('reports.export'), (incoming, response) => void response.json(stileOf(incoming)?.decision.outcome))
// @ts-expect-error a feature that does not exist
const unknownFeature = () => guard.require('reports.exprt')
const core = createGuard(guardOptions)
const judged: Promise<GuardResult<Feature>> = core.authorize({ method: 'GET', url: '/', header: () => undefined }, 'reports.export', null)
const sessions = generateSessionKey().then((privateKey) => createSessionIssuer({ issuer: 'a', audience: 'b', privateKey }))

// the page
const stile = createStile<typeof policy>({
  service: 'http://localhost:4000',
  session: async ({ jkt, why }) => (why === 'relogin' ? `newer for ${jkt}` : 'token'),
  audiences: { 'http://localhost:4001': ['http://localhost:4001'] },
})
same<typeof stile, Stile<Feature>>(true)
const state: ClientState<Feature> = stile.get()
const outcome = state.status === 'ready' ? state.state.decisions['reports.export'].outcome : undefined
const flow: Flow = stile.stepUp('reports.export', { operation: { amount: '1.00' } })
// @ts-expect-error a feature that does not exist
const unknownStepUp = () => stile.stepUp('reports.exprt')
const dialog: MountedDialog = mountDialog(stile, { labels: { 'reports.export': 'Export reports' } })
const enrollment: Enrollment = createEnrollment(stile)
const method: EnrollableMethod = 'security-key'
const recovery: RecoveryClient = createRecovery(stile)
const fallback: Promise<Recovery> = recovery.status()
const ticket: Promise<RecoveryTicket> = recovery.redeem({ code: '0123-4567-89AB-CDEF' })
const guided: Promise<boolean> = dialog.recover('token of a link').then((enrolledOne) => enrolledOne || dialog.recoveryCodes())
const backIn: Flow = stile.stepUp(RECOVERY_FEATURE)
const finished: Promise<string | undefined> = completeRelogin(stile).then(leftPage)
const codeSent = ({ start }: StepUpMethod): number => (start as EmailCodeStart).resendAt
const pageOf = ({ start }: StepUpMethod): string => (start as ReloginStart).url
const worth = ({ attestation, settlesAt, disabled }: Authenticator): AttestationStatus | 'new' | 'off' | undefined =>
  disabled ? 'off' : settlesAt === undefined ? attestation : 'new'
const codeOf = (error: unknown): string => (error instanceof StepUpCancelled ? 'cancelled' : error instanceof StileError ? error.code : '')
const challenged = ({ headers }: Response): Level | undefined => readChallenge(headers.get('WWW-Authenticate'))?.level
const problemIn = async (response: Response): Promise<Problem | undefined> => parseProblem(await response.json())

// the components, which know the policy's names
function Export(): ReactElement {
  const feature: FeatureState = useFeature('reports.export')
  const { start, state: shown } = useStepUp('reports.export')
  const license = useLicense()
  const client: Stile<Feature> = useStile()
  const tiers: readonly Tier[] = license.status === 'ready' ? license.tiers : []
  const onClick = (): void => void start().then(() => client.refresh())
  return createElement('button', { type: 'button', onClick, 'data-status': shown.status }, feature.status, ...tiers)
}
function GetBackIn(): ReactElement {
  const { status: known, recover, makeCodes }: UseRecovery = useRecovery()
  const { authenticators } = useAuthenticators()
  const { start } = useStepUp('stile:recovery')
  const onClick = (): void => void start().then(() => (authenticators.length > 0 ? makeCodes() : recover()))
  return createElement('button', { type: 'button', onClick }, known?.codesLeft)
}
// @ts-expect-error a feature that does not exist
const unknownGate = () => createElement(StepUpGate, { feature: 'reports.exprt' })
// @ts-expect-error a tier that does not exist
const unknownTier = () => createElement(TierGuard, { tier: 'gold' })
const page: ReactElement = createElement(
  StileProvider,
  { client: stile, labels: { 'reports.export': 'Export reports' } },
  createElement(
    TierGuard,
    { tier: 'pro', fallback: 'Upgrade' },
    createElement(StepUpGate, { feature: 'reports.export' }, createElement(Export)),
  ),
)

// the tests of the product
const inMemory = createTestService({
  policy,
  given: {
    license: licenseOf('pro'),
    authenticators: [authenticatorOf('security-key', { attestation: 'revoked' })],
    email: 'ada@example.com',
    loginProvider: 'id.example.com',
    refuses: { passkey: 'user_verification_missing' },
  },
})
const lastMail: Mail | undefined = inMemory.inbox().at(-1)
const played: Promise<void> = inMemory.answerLogin('https://id.example.com/authorize?state=s', 'access_denied')
const link: string = inMemory.sendRecoveryLink()
const inTest = createStile<typeof policy>({ service: inMemory.url, session: inMemory.session, audiences: {}, fetch: inMemory.fetch })

export {
  backIn,
  byHook,
  byMail,
  challenged,
  codeOf,
  codeSent,
  createApiKey,
  dialog,
  enrollment,
  fallback,
  finished,
  flow,
  GetBackIn,
  guided,
  inTest,
  isOptionsError,
  judged,
  lastMail,
  level,
  lines,
  link,
  loadPolicy,
  method,
  outcome,
  page,
  pageOf,
  played,
  problemIn,
  recovery,
  runCli,
  sessions,
  settles,
  status,
  text,
  ticket,
  unknownFeature,
  unknownGate,
  unknownStepUp,
  unknownTier,
  ways,
  worth,
}
