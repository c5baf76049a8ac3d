import { expectTypeOf, test } from 'vitest'
import { createStile } from './client.ts'
import { mountDialog } from './dialog/index.ts'
import { createEnrollment } from './enroll/index.ts'
import type { FeatureOf, Stile } from './stile.ts'
import { API, SERVICE } from './wire.test-support.ts'

/** As `definePolicy` of the policy package gives it. */
type Policy = Readonly<{ digest: string; features: readonly ('reports.view' | 'reports.export')[]; tiers: readonly 'basic'[] }>
const options = { service: SERVICE, session: async () => '', audiences: { api: [API] } }

test('the names of the features come from the type of the policy', () => {
  const stile = createStile<Policy>(options)
  expectTypeOf(stile).toEqualTypeOf<Stile<'reports.view' | 'reports.export'>>()
  expectTypeOf<FeatureOf<Policy>>().toEqualTypeOf<'reports.view' | 'reports.export'>()
  const state = stile.get()
  if (state.status === 'ready') expectTypeOf(state.state.decisions['reports.export'].outcome).toBeString()
  // @ts-expect-error a feature that no policy names
  void (() => stile.stepUp('reports.exprot'))
  void (() => stile.stepUp('stile:authenticators'))
})

test('without a policy any feature is taken', () => {
  const stile = createStile(options)
  expectTypeOf(stile).toEqualTypeOf<Stile<string>>()
})

test('a typed client fits wherever a client is taken', () => {
  const stile = createStile<Policy>(options)
  const general: Stile = stile
  expectTypeOf(general).toEqualTypeOf<Stile<string>>()
  void (() => [mountDialog(stile), createEnrollment(stile)])
})
