/**
 * A program of somebody else: it uses every package by its public name and sees only what was built, types included. It is compiled and
 * never run.
 */
import { type ClientState, createStile, type Flow, StepUpCancelled, type Stile, StileError } from '@stile/browser'
import { type MountedDialog, mountDialog } from '@stile/browser/dialog'
import { createEnrollment, type Enrollment } from '@stile/browser/enroll'
import { createGuard, createSessionIssuer, type GuardResult, generateSessionKey, type Identity } from '@stile/guard'
import { createGuard as createExpressGuard, type ExpressGuard, stileOf } from '@stile/guard/express'
import { decide, definePolicy, diff, explain, type FeatureOf, parsePolicy, type TierOf } from '@stile/policy'
import { type Decision, LEVELS, type Level, PROBLEMS, type Problem, parseProblem, readChallenge } from '@stile/protocol'
import { type FeatureState, StepUpGate, StileProvider, TierGuard, useFeature, useLicense, useStepUp, useStile } from '@stile/react'
import { createApiKey, createService, OptionsError, type Service, type ServiceOptions } from '@stile/server'
import { loadPolicy, runCli } from '@stile/server/cli'
import { createSqliteStore } from '@stile/server/sqlite'
import { createTestService, licenseOf } from '@stile/testing'
import express from 'express'
import { createElement, type ReactElement } from 'react'

/** Fails to compile where two types are not the same. */
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
  session: async (why) => (why === 'relogin' ? 'newer' : 'token'),
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
const inMemory = createTestService({ policy, given: { license: licenseOf('pro') } })
const inTest = createStile<typeof policy>({ service: inMemory.url, session: inMemory.session, audiences: {}, fetch: inMemory.fetch })

export {
  challenged,
  codeOf,
  createApiKey,
  dialog,
  enrollment,
  flow,
  inTest,
  isOptionsError,
  judged,
  level,
  lines,
  loadPolicy,
  outcome,
  page,
  problemIn,
  runCli,
  sessions,
  status,
  text,
  unknownFeature,
  unknownGate,
  unknownStepUp,
  unknownTier,
}
