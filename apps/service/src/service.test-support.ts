import type { ServiceConfig } from './settings.ts'

export const TEST_POLICY_DOCUMENT = {
  format: 1,
  features: { 'reports.view': {} },
  tiers: { basic: { features: ['reports.view'] } },
  license: { none: { tier: 'basic' } },
} as const

/** A configuration that says no more than it must. */
export const TEST_CONFIG: ServiceConfig = {
  publicUrl: 'http://localhost:4000',
  environment: 'test',
  policy: TEST_POLICY_DOCUMENT,
  issuers: [{ id: 'main', issuer: 'https://login.example', jwks: 'https://login.example/jwks', audience: 'stile' }],
  clients: [{ id: 'web', origins: ['http://localhost:5173'] }],
  audiences: [{ id: 'https://api.example', issuers: ['main'], clients: ['web'] }],
  webauthn: { rpId: 'localhost', rpName: 'Test', origins: ['http://localhost:5173'] },
}
