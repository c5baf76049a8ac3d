import { definePolicy } from '@stile/policy'
import type { AssuranceClaims, License } from '@stile/protocol'
import { assuranceOf, licenseClaim } from '@stile/protocol'
import { type Authorizer, type AuthorizerOptions, createAuthorizer, type Need, type Outcome, type Question } from './authorize.ts'
import type { ReplayVerdict, UsedProof } from './device-proof/replay.ts'
import type { RequestProofVerdict } from './device-proof/request-proof.ts'
import type { TokenVerdict } from './token/token.ts'
import { ada, get, license, mfa } from './wire.test-support.ts'

export const NOW = 1_800_000_000
export const DEVICE = 'd'.repeat(43)
export const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': {},
    'reports.late': { whenStale: 'permit' },
    'reports.export': { requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.approve': { requires: { level: 'mfa' } },
    'payouts.bound': { requires: { level: 'mfa', bind: ['amount'] } },
    'notes.own': { requires: { level: 'mfa' }, actors: 'deny' },
    'notes.read': { actors: 'deny' },
  },
  tiers: {
    basic: { features: ['reports.view', 'reports.late', 'reports.export', 'notes.own', 'notes.read'] },
    pro: { extends: 'basic', features: ['payouts.approve', 'payouts.bound'] },
  },
})
type Feature = (typeof policy.features)[number]
export const VALID: RequestProofVerdict = { status: 'valid', jkt: DEVICE, jti: 'proof', madeAt: NOW }
export const REFUSED: RequestProofVerdict = { status: 'refused', reason: 'wrong_signature' }

/** What the parts of the authorizer say, and what they were asked. */
export const parts = {} as {
  license: License | null | undefined
  token: TokenVerdict
  proof: RequestProofVerdict
  replay: ReplayVerdict
  isRevoked: boolean
  fedAt: number
  starting: Promise<boolean> | undefined
}
export const asked = {} as { lookups: unknown[]; fills: unknown[]; tokens: string[]; proofs: unknown[]; used: UsedProof[] }
let authorize: Authorizer

const claimsOf = (change: Partial<AssuranceClaims> = {}): AssuranceClaims => ({
  iss: 'https://stile.example.com',
  aud: 'https://api.example.com',
  sub: 'demo|ada',
  exp: NOW + 300,
  iat: NOW,
  nbf: NOW,
  jti: 'token-1',
  client_id: 'web',
  sid: 'sid-1',
  account: 'acme',
  acr: mfa.acr,
  amr: [],
  auth_time: NOW,
  proofs: [{ ...mfa, amr: [], auth_time: NOW }],
  cnf: { jkt: DEVICE },
  lic: licenseClaim(license('pro', 3)),
  pol: { revision: 1, digest: policy.digest },
  risk: 'normal',
  ...change,
})
export const tokenOf = (change?: Partial<AssuranceClaims>): TokenVerdict => {
  const claims = claimsOf(change)
  return { status: 'valid', claims, assurance: assuranceOf(claims) }
}

/** Makes an authorizer of parts that say what a good request needs. */
export function resetParts(): void {
  Object.assign(parts, {
    license: license('pro', 3),
    token: tokenOf(),
    proof: VALID,
    replay: 'fresh',
    isRevoked: false,
    fedAt: NOW,
    starting: undefined,
  } satisfies typeof parts)
  Object.assign(asked, { lookups: [], fills: [], tokens: [], proofs: [], used: [] } satisfies typeof asked)
  const options: AuthorizerOptions = {
    policy,
    licenses: {
      lookup(...question) {
        asked.lookups.push(question)
        const { license: known } = parts
        return known === undefined ? undefined : { license: known }
      },
      fill(...question) {
        asked.fills.push(question)
        return Promise.resolve(true)
      },
      apply: () => undefined,
      forget: () => undefined,
      clear: () => undefined,
      resume: () => undefined,
      usage: () => ({ bytes: 0, entries: 0, evictions: 0, accounts: 0 }),
    },
    revocations: {
      add: () => undefined,
      raise: () => undefined,
      isRevoked: () => parts.isRevoked,
      usage: () => ({ bytes: 0, entries: 0, evictions: 0 }),
    },
    contact: { heard: () => undefined, fed: () => undefined, heardAt: () => parts.fedAt, fedAt: () => parts.fedAt },
    verifyToken(token) {
      asked.tokens.push(token)
      return parts.token
    },
    verifyProof(proof, context) {
      asked.proofs.push({ proof, ...context })
      return parts.proof.status === 'valid' ? { ...parts.proof, jkt: context.jkt, jti: String(proof) } : parts.proof
    },
    replay: {
      use(proof) {
        asked.used.push(proof)
        return parts.replay
      },
      usage: () => ({ bytes: 0, entries: 0, refusals: 0 }),
    },
    starting: () => parts.starting,
    staleSeconds: 30,
    now: () => NOW,
  }
  authorize = createAuthorizer(options)
}

export const presented = () => get('/export', { Authorization: 'DPoP token', DPoP: 'proof' })
export const look = (question: Partial<Omit<Question, 'feature'>> & { feature?: Feature | 'reports.exprot' } = {}) =>
  authorize({ request: presented(), feature: 'reports.export', identity: ada, subject: 'demo|ada', tried: new Set(), ...question })
type Asked = Parameters<typeof look>[0]
/** The outcome in one word: `ok`, what must be waited for, or the code of the refusal with its first reason. */
export const ask = (question?: Asked): string => {
  const outcome = look(question)
  if (outcome.pending !== undefined) return `pending ${outcome.pending}`
  if (outcome.ok) return 'ok'
  const { code, reasons } = outcome.problem
  return reasons?.[0] ? `${code}: ${reasons[0].code}` : code
}
export const withToken = (change: Partial<AssuranceClaims>, question?: Asked): string => {
  parts.token = tokenOf(change)
  return ask(question)
}
export const came = async ({ pending, ...rest }: Outcome): Promise<boolean> => pending !== undefined && 'wait' in rest && rest.wait
export const actor = { ...ada, actor: 'staff' }
export const act = { sub: 'staff' }
export const tried = (...needs: Need[]) => ({ tried: new Set(needs) })
export const STEP_UP = 'insufficient_user_authentication: step_up_required'
