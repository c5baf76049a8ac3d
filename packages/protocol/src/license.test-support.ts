import fc from 'fast-check'
import { LEVELS } from './level.ts'
import { LICENSE_STATES, type License } from './license.ts'
import type { Requirement } from './requirement.ts'

const text = fc.string({ minLength: 1 })

/** Any license that the service could send. */
export const anyLicense: fc.Arbitrary<License> = fc.record(
  {
    id: text,
    epoch: fc.maxSafeNat(),
    tier: text,
    features: fc.array(text),
    state: fc.constantFrom(...LICENSE_STATES),
    changesAt: fc.maxSafeNat(),
    raisedAt: fc.maxSafeNat(),
    requires: fc.record(
      { level: fc.constantFrom(...LEVELS), maxAgeSeconds: fc.nat() },
      { requiredKeys: ['level'] },
    ) as fc.Arbitrary<Requirement>,
  },
  { requiredKeys: ['id', 'epoch', 'tier', 'features', 'state'] },
)
