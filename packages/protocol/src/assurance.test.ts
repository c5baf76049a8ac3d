import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assuranceOf, proofClaims } from './assurance.ts'
import { LEVELS } from './level.ts'
import { METHODS } from './method.ts'
import type { Proof } from './requirement.ts'

const proof: Proof = { method: 'passkey', level: 'phr', amr: ['hwk', 'user'], authTime: 5 }
const detail = { type: 'stile_operation', feature: 'payouts.approve', digest: 'd', salt: 's' } as const

test('writes a level as its acr', () => {
  expect(proofClaims([proof])).toEqual([{ method: 'passkey', acr: 'phr', amr: ['hwk', 'user'], auth_time: 5 }])
})

test('threat: a proof of a method or level that we do not know counts', () => {
  const [claim] = proofClaims([proof])
  if (!claim) throw new Error('no claim')
  expect(assuranceOf({ proofs: [{ ...claim, acr: 'root' }, { ...claim, method: 'iris' }, claim] })).toEqual({ proofs: [proof] })
})

test('threat: a proof loses on its way through a token that its authenticator is new, and counts in full', () => {
  const [claim] = proofClaims([{ ...proof, settlesAt: 9 }])
  expect(claim).toEqual({ method: 'passkey', acr: 'phr', amr: ['hwk', 'user'], auth_time: 5, settles_at: 9 })
  if (!claim) throw new Error('no claim')
  expect(assuranceOf({ proofs: [claim] })).toEqual({ proofs: [{ ...proof, settlesAt: 9 }] })
})

test('names the operation of a token that is bound to one', () => {
  expect(assuranceOf({ proofs: [], authorization_details: [detail] })).toEqual({
    proofs: [],
    operation: { feature: 'payouts.approve', digest: 'd' },
  })
  expect(assuranceOf({ proofs: [], authorization_details: [] })).toEqual({ proofs: [] })
})

test('threat: a token that names two operations counts for either', () => {
  expect(assuranceOf({ proofs: [], authorization_details: [detail, { ...detail, digest: 'e' }] })).toEqual({ proofs: [] })
})

test('property: proofs survive the way through a token', () => {
  const proofs = fc.array(
    fc.record(
      {
        method: fc.constantFrom(...METHODS, 'login' as const),
        level: fc.constantFrom(...LEVELS),
        amr: fc.array(fc.string()),
        authTime: fc.nat(),
        settlesAt: fc.nat(),
      },
      { requiredKeys: ['method', 'level', 'amr', 'authTime'] },
    ),
  )
  fc.assert(
    fc.property(proofs, (each) => {
      expect(assuranceOf({ proofs: JSON.parse(JSON.stringify(proofClaims(each))) })).toEqual({ proofs: each })
    }),
  )
})
