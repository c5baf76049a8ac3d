import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { runCommand } from './run.test-support.ts'

const POLICY = {
  format: 1,
  features: { view: {}, export: { requires: { level: 'mfa', maxAge: '15m' } } },
  tiers: { basic: { features: ['view'] }, pro: { extends: 'basic', features: ['export'] } },
}
const STRICTER = { ...POLICY, features: { ...POLICY.features, export: { requires: { level: 'phr', maxAge: '15m' } } } }

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stile-policy-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'a.json'), JSON.stringify(POLICY))
  writeFileSync(join(directory, 'b.json'), JSON.stringify(STRICTER))
})
const stile = (...args: string[]) => runCommand(['policy', ...args], { workingDirectory: directory, now: () => 1_800_000_000 })

describe('stile policy diff', () => {
  test('says what changes, and with --exit-code by its exit code, too', async () => {
    const { code, out } = await stile('diff', 'a.json', 'b.json')
    expect(code).toBe(0)
    expect(out).toMatch(/^tightened {2}.*\[\/features\/export\]$/m)
    expect((await stile('diff', 'a.json', 'b.json', '--exit-code')).code).toBe(1)
  })

  test('says that nothing changes', async () => {
    const { code, out } = await stile('diff', 'a.json', 'a.json', '--exit-code')
    expect([code, out]).toEqual([0, 'Nothing changes.\n'])
  })

  test('answers JSON for machines', async () => {
    const { changes, before, after } = JSON.parse((await stile('diff', 'a.json', 'b.json', '--json')).out)
    expect(changes).toMatchObject([{ kind: 'tightened', path: '/features/export' }])
    expect(before).not.toBe(after)
  })

  test.each([
    ['that is not there', 'nowhere.json', undefined],
    ['that is no JSON', 'broken.json', '{'],
    ['that is no policy', 'other.json', '{"format":1,"featurs":{}}'],
  ])('names a file %s', async (_, name, content) => {
    if (content !== undefined) writeFileSync(join(directory, name), content)
    const { code, out, err } = await stile('diff', 'a.json', name)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(name)
  })
})

describe('stile policy explain', () => {
  const outcome = async (...args: string[]) => JSON.parse((await stile('explain', 'a.json', ...args, '--json')).out).outcome

  test('explains what a subject is asked for, and why', async () => {
    const { code, out } = await stile('explain', 'a.json', 'export', '--tier', 'pro')
    expect(code).toBe(0)
    expect(out).toContain('step_up_required at /features/export/requires')
  })

  test.each([
    ['no license', ['export'], 'upgrade'],
    ['a tier without it', ['export', '--tier', 'basic'], 'upgrade'],
    ['an extra feature', ['export', '--tier', 'basic', '--extra', 'export'], 'step_up'],
    ['a suspended license', ['export', '--tier', 'pro', '--state', 'suspended'], 'deny'],
    ['a fresh proof', ['export', '--tier', 'pro', '--proven', 'totp:5m'], 'permit'],
    ['a stale proof', ['export', '--tier', 'pro', '--proven', 'totp:1h'], 'step_up'],
    ['a sign-in alone', ['export', '--tier', 'pro', '--proven', 'login:5m'], 'step_up'],
    ['nothing enrolled that would do', ['export', '--tier', 'pro', '--enrolled', 'email-otp'], 'enroll'],
  ])('takes into account %s', async (_, args, expected) => {
    expect(await outcome(...args)).toBe(expected)
  })

  test.each([
    ['a feature that the policy does not have', ['exprt'], 'export'],
    ['a tier that the policy does not have', ['export', '--tier', 'por'], 'pro'],
    ['a method that there is not', ['export', '--tier', 'pro', '--proven', 'fax:5m'], 'passkey'],
    ['a proof without its age', ['export', '--tier', 'pro', '--proven', 'totp'], 'passkey:10m'],
    ['a method that proves nothing by itself', ['export', '--tier', 'pro', '--enrolled', 'recovery-code'], 'Leave it out'],
    ['a state that no license has', ['export', '--tier', 'pro', '--state', 'actve'], 'active'],
    ['a risk that is not known', ['export', '--tier', 'pro', '--risk', 'hgih'], 'high'],
  ])('refuses %s and says what there is', async (_, args, hint) => {
    const { code, out, err } = await stile('explain', 'a.json', ...args)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(hint)
  })
})
