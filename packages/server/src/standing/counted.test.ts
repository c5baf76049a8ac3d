import { describe, expect, test } from 'vitest'
import type { AuthenticatorRecord, StoredProof } from '../stores/store.ts'
import { type CountedAuthenticator, countedNow, countProofs } from './counted.ts'

const key = (level: 'mfa' | 'phr', method: 'passkey' | 'security-key' = 'security-key'): AuthenticatorRecord => ({
  id: 'auth_key',
  subject: 'main|alice',
  level,
  name: 'Key',
  createdAt: 1,
  boundBy: { method: 'login', level: 'session' },
  data: { method, credentialId: 'c', publicKey: 'k', counter: 0, transports: [], aaguid: 'a', backupEligible: false, backupState: false },
})
const judged = (status: 'trusted' | 'revoked' | undefined) => ({ judge: () => status, refresh: async () => {} })
const proof = (level: StoredProof['level'], authTime = 10, authenticatorId = 'auth_key'): StoredProof => ({
  method: 'security-key',
  level,
  amr: ['as recorded'],
  authTime,
  authenticatorId,
})
const counting = (level: CountedAuthenticator['level']): CountedAuthenticator => ({ ...key('phr'), level })

describe('an authenticator counts', () => {
  test('as phrh only where it verified its user and its maker is trusted now', () => {
    expect(countedNow(judged('trusted'), key('phr'))).toMatchObject({ level: 'phrh', attestation: 'trusted' })
    expect(countedNow(judged('revoked'), key('phr'))).toMatchObject({ level: 'phr', attestation: 'revoked' })
    expect(countedNow(judged('trusted'), key('mfa'))).toMatchObject({ level: 'mfa', attestation: 'trusted' })
  })

  test('as it was enrolled where there is no maker to ask', () => {
    expect(countedNow(judged(undefined), key('phr', 'passkey'))).toEqual(key('phr', 'passkey'))
  })
})

describe('a proof counts', () => {
  test('as it was recorded while its authenticator counts for as much', () => {
    expect(countProofs([proof('phrh'), proof('mfa')], [counting('phrh')])).toEqual([proof('phrh'), proof('mfa')])
  })

  test('for no more than its authenticator counts for now, and says so', () => {
    expect(countProofs([proof('phrh')], [counting('phr')])).toEqual([{ ...proof('phr'), amr: ['pop', 'user', 'mfa'] }])
    expect(countProofs([proof('phrh')], [counting('mfa')])).toEqual([{ ...proof('mfa'), amr: ['pop', 'mfa'] }])
  })

  test('for nothing where its authenticator is gone', () => {
    expect(countProofs([proof('phrh', 10, 'auth_gone')], [counting('phrh')])).toEqual([])
  })

  test('once for each method and level: the newest is kept, whichever comes first', () => {
    const fallen = { ...proof('phr', 20), amr: ['pop', 'user', 'mfa'] }
    expect(countProofs([proof('phr', 10), proof('phrh', 20)], [counting('phr')])).toEqual([fallen])
    expect(countProofs([proof('phrh', 20), proof('phr', 10)], [counting('phr')])).toEqual([fallen])
  })

  test('without an authenticator as it was recorded', () => {
    const { authenticatorId: _, ...bare } = proof('session')
    expect(countProofs([{ ...bare, method: 'relogin' }], [])).toEqual([{ ...bare, method: 'relogin' }])
  })
})
