import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { totpCode } from '../http/client.test-support.ts'
import { AUDIENCE, startTestService, type TestService } from '../http/service.test-support.ts'
import { totpSecretContext } from '../methods/totp/totp.ts'
import { createSealer, keyIdOf, sealedKeyId, sealedPrefix } from '../secrets/seal.ts'
import { runCommand } from './run.test-support.ts'

type Secret = Uint8Array<ArrayBuffer>
const [OLD, NEW, OTHER] = [7, 8, 9].map((each) => new Uint8Array(32).fill(each)) as [Secret, Secret, Secret]
const base64 = (secret: Uint8Array): string => Buffer.from(secret).toString('base64')
const BOTH = { STILE_SECRET: base64(NEW), STILE_SECRET_PREVIOUS: base64(OLD) }
const MAIN = join(import.meta.dirname, 'main.ts')

let first: TestService
beforeEach(async () => {
  first = await startTestService({ options: { secret: OLD } })
  await grant()
})
afterEach(() => first.close())

async function grant(): Promise<void> {
  const answer = await fetch(`${first.adminUrl}/v1/admin/licenses/acme`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await first.key('licenses:write')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tier: 'pro', state: 'active' }),
  })
  expect(answer.status).toBeLessThan(300)
}

async function stile(args: readonly string[], environment: Readonly<Record<string, string>> = BOTH) {
  const run = await runCommand([...args, '--database', first.database], {
    workingDirectory: join(first.database, '..'),
    environment,
    now: first.now,
  })
  for (const secret of [OLD, NEW, OTHER]) expect(run.out + run.err).not.toContain(base64(secret))
  return run
}

/** Another process of the same service. */
async function beside(secret: Secret, ...previousSecrets: Secret[]): Promise<TestService> {
  const other = await startTestService({ beside: first, options: { secret, previousSecrets } })
  onTestFinished(() => other.close())
  return other
}

/** Enrols an app of somebody at one process, and answers how to prove with it at any. */
async function enrol(at: TestService, sub: string) {
  const client = at.client({ sub })
  const begun = await client.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
  expect(begun.status, begun.text).toBe(201)
  const { id, start } = begun.body as unknown as { id: string; start: { secret: string } }
  const path = `/v1/authenticators/registrations/${id}`
  const done = await client.request('POST', path, { body: { response: { code: totpCode(start.secret, at.now()) } } })
  expect(done.status, done.text).toBe(201)
  return async (where: TestService): Promise<number> => {
    where.advance(30)
    const by = where.client({ sub, sid: `${sub} ${Math.random()}` })
    const { body, status } = await by.request('POST', '/v1/step-ups', { body: { feature: 'reports.export' } })
    if (status !== 201) return status
    const response = { code: totpCode(start.secret, where.now()) }
    return (await by.request('POST', `/v1/step-ups/${body.id}/attempts`, { body: { method: 'totp', response } })).status
  }
}

/** Which secrets the apps of people are sealed with. */
async function sealedWith(...subs: string[]): Promise<(string | undefined)[]> {
  const records = await Promise.all(subs.map((sub) => first.store.authenticators.list(`main|${sub}`)))
  return records.flat().map(({ data }) => (data.method === 'totp' ? sealedKeyId(data.sealedSecret) : undefined))
}

/** Puts rows into the store that are sealed as apps are. */
async function addApps(count: number, secret = OLD): Promise<string[]> {
  const sealer = createSealer({ secret, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) })
  const subs = Array.from({ length: count }, (_, index) => `many-${String(index).padStart(5, '0')}`)
  await Promise.all(
    subs.map((sub) => {
      const [subject, id] = [`main|${sub}`, `auth_${sub}`]
      const sealedSecret = sealer.seal(sub, totpSecretContext(subject, id))
      return first.store.authenticators.create({
        record: {
          id,
          subject,
          level: 'mfa',
          name: 'App',
          createdAt: first.now(),
          boundBy: { method: 'login', level: 'session' },
          data: { method: 'totp', sealedSecret, lastStep: 0, failures: 0 },
        },
        limit: 9,
        change: { at: first.now(), type: 'authenticators', subject },
      })
    }),
  )
  return subs
}

describe('stile secret rotate', () => {
  test('replaces the secret of processes that run, and nobody notices', { timeout: 60_000 }, async () => {
    const [oldId, newId] = [keyIdOf(OLD), keyIdOf(NEW)]
    const ada = await enrol(first, 'ada')
    // the processes are started again, one after the other
    const second = await beside(NEW, OLD)
    const bob = await enrol(second, 'bob')
    expect([await ada(first), await ada(second), await bob(first), await bob(second)]).toEqual([200, 200, 200, 200])
    expect(await sealedWith('ada', 'bob')).toEqual([oldId, oldId])

    const third = await beside(NEW, OLD)
    const pending = third.client({ sub: 'cleo' })
    const begun = await pending.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
    const rotated = await stile(['secret', 'rotate'])
    expect(rotated, rotated.err).toMatchObject({ code: 0 })
    expect(await sealedWith('ada', 'bob')).toEqual([newId, newId])
    expect([await ada(second), await ada(third), await bob(second)]).toEqual([200, 200, 200])
    // an enrolment that was under way, and one that begins now
    const { id, start } = begun.body as unknown as { id: string; start: { secret: string } }
    const finish = { body: { response: { code: totpCode(start.secret, third.now()) } } }
    expect((await pending.request('POST', `/v1/authenticators/registrations/${id}`, finish)).status).toBe(201)
    const dan = await enrol(second, 'dan')
    expect(await sealedWith('cleo', 'dan')).toEqual([newId, newId])

    // without the former secret
    const last = await beside(NEW)
    expect([await ada(last), await bob(last), await dan(last)]).toEqual([200, 200, 200])
    expect(await stile(['secret', 'rotate'], { STILE_SECRET: base64(NEW) })).toMatchObject({ code: 0 })
  })

  test('threat: a process that was not given the new secret goes on, and loses what it writes', { timeout: 60_000 }, async () => {
    const ada = await enrol(first, 'ada')
    await beside(NEW, OLD)
    expect((await stile(['secret', 'rotate'])).code).toBe(0)
    await expect.poll(async () => (await fetch(`${first.url}/readyz`)).status, { timeout: 5_000 }).toBe(503)
    const alone = first.client({ sub: 'eve' })
    const begun = await alone.request('POST', '/v1/authenticators/registrations', { body: { method: 'totp' } })
    expect(begun.status).toBe(500)
    expect(await ada(first)).toBe(500)
    expect(first.lines.join('\n')).toContain('was not given')
    // and one that is started so does not start
    const late = startTestService({ beside: first, options: { secret: OLD } })
    await expect(late).rejects.toMatchObject({ code: 'secret_changed' })
  })

  test('goes on where it was killed, as often as that happens', { timeout: 120_000 }, async () => {
    const subs = await addApps(3_000)
    const ada = await enrol(first, 'ada')
    const environment = { ...process.env, ...BOTH, NODE_OPTIONS: '' }
    const run = (): ChildProcess => {
      const args = ['--conditions=@stile/source', MAIN, 'secret', 'rotate', '--database', first.database]
      const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    }
    const done = async (): Promise<number> => {
      const others = { kind: 'authenticator', prefix: sealedPrefix(keyIdOf(NEW)), after: '', limit: 9_999 } as const
      return subs.length + 1 - (await first.store.sealed.list(others)).length
    }
    const seen: number[] = []
    for (let round = 0; round < 3; round++) {
      const child = run()
      const closed = once(child, 'close')
      const before = await done()
      while (child.exitCode === null && (await done()) < before + 100) await new Promise((resolve) => setTimeout(resolve, 5))
      child.kill('SIGKILL')
      await closed
      seen.push(await done())
    }
    // it was killed in the middle, or the test would show nothing
    expect(seen[0]).toBeGreaterThan(0)
    expect(seen[0]).toBeLessThan(subs.length)
    const half = await beside(NEW, OLD)
    expect(await ada(half)).toBe(200)
    const rotated = await stile(['secret', 'rotate'])
    expect(rotated, rotated.err).toMatchObject({ code: 0 })
    expect(await done()).toBe(subs.length + 1)
    const sealer = createSealer({ secret: NEW, random: () => new Uint8Array() })
    for (const sub of subs) {
      const [record] = await first.store.authenticators.list(`main|${sub}`)
      const data = record?.data
      const sealed = data?.method === 'totp' ? data.sealedSecret : ''
      expect(Buffer.from(sealer.open(sealed, totpSecretContext(`main|${sub}`, `auth_${sub}`))).toString()).toBe(sub)
    }
    expect(await ada(await beside(NEW))).toBe(200)
  })

  test('says how far it is, and answers JSON', { timeout: 30_000 }, async () => {
    await addApps(1_500)
    const { code, out, err } = await stile(['secret', 'rotate', '--json'])
    expect(code, err).toBe(0)
    expect(err).toMatch(/^1\d{3} values/m)
    // keys and what hashes are derived from are sealed as well
    expect(JSON.parse(out)).toEqual({ keyId: keyIdOf(NEW), resealed: 1_503, unopened: [] })
  })

  test('names what it cannot open, leaves it as it is, and does the rest', { timeout: 30_000 }, async () => {
    const [one] = await addApps(1, OTHER)
    const ada = await enrol(first, 'ada')
    const { code, err } = await stile(['secret', 'rotate'])
    expect(code).toBe(1)
    expect(err).toContain(`authenticator auth_${one}`)
    expect(await sealedWith(one ?? '', 'ada')).toEqual([keyIdOf(OTHER), keyIdOf(NEW)])
    expect(await ada(await beside(NEW))).toBe(200)
    const previous = `${base64(OLD)}, ${base64(OTHER)}`
    expect((await stile(['secret', 'rotate'], { ...BOTH, STILE_SECRET_PREVIOUS: previous })).code).toBe(0)
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['no secret', {}, /No secret is given/],
    ['a secret that is none', { STILE_SECRET: 'hunter2!' }, /STILE_SECRET .*32 bytes/],
    ['a former secret that is none', { STILE_SECRET: base64(NEW), STILE_SECRET_PREVIOUS: 'hunter2!' }, /STILE_SECRET_PREVIOUS .*32 bytes/],
    ['the new secret alone', { STILE_SECRET: base64(NEW) }, new RegExp(`key id ${keyIdOf(OLD)}`)],
    ['another former one', { STILE_SECRET: base64(NEW), STILE_SECRET_PREVIOUS: base64(OTHER) }, new RegExp(`key id ${keyIdOf(OLD)}`)],
  ])('%s is a clear message, and nothing is changed', async (_, environment, message) => {
    const { code, out, err } = await stile(['secret', 'rotate'], environment)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(message)
    expect(err).not.toContain('hunter2')
    expect(await first.store.settings.get('secret.sealing')).toBe(keyIdOf(OLD))
  })

  test('takes the secrets of the configuration', { timeout: 30_000 }, async () => {
    const config = { database: first.database, secret: base64(NEW), previousSecrets: [base64(OLD)] }
    writeFileSync(join(first.database, '..', 'stile.config.json'), JSON.stringify(config))
    expect((await stile(['secret', 'rotate'], {})).code).toBe(0)
  })

  test.each([
    ['secret', 'rotate'],
    ['keys', 'rotate'],
  ])('%s %s --help has an example', async (...args) => {
    const { code, out } = await stile([...args, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/Example/)
  })
})

describe('stile keys rotate', () => {
  const OWN = { STILE_SECRET: base64(OLD) }
  const kids = async (at = first): Promise<string[]> => {
    const body = (await (await fetch(`${at.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
    return body.keys.map(({ kid }) => kid)
  }
  const tokenOf = async (at = first): Promise<string> => {
    const { body } = await at.client().request('POST', '/v1/tokens', { body: { audience: AUDIENCE, feature: 'reports.view' } })
    return String(body.token)
  }
  const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
  const verifies = async (token: string, at = first): Promise<boolean> => {
    const options = { currentDate: new Date(at.now() * 1000) }
    return jwtVerify(token, createRemoteJWKSet(new URL(`${at.url}/.well-known/jwks.json`)), options).then(
      () => true,
      () => false,
    )
  }

  test('publishes the new key before it signs, and keeps the former one while its tokens live', async () => {
    const second = await beside(OLD)
    const [present = ''] = await kids()
    const before = await tokenOf()
    const { code, out, err } = await stile(['keys', 'rotate', '--json'], OWN)
    expect(code, err).toBe(0)
    const { kid } = JSON.parse(out)
    await expect.poll(() => kids()).toContain(kid)
    await expect.poll(() => kids(second)).toContain(kid)
    expect(kidOf(await tokenOf())).toBe(present)
    first.advance(901)
    const last = await tokenOf(second)
    expect(kidOf(last)).toBe(kid)
    expect(await verifies(last)).toBe(true)
    expect(await kids()).toContain(present)
    expect(kidOf(before)).toBe(present)
    first.advance(700)
    expect(await kids()).not.toContain(present)
  })

  test('withdraws a leaked key at once, and those that were to come, at every process', async () => {
    const second = await beside(OLD)
    const before = await kids()
    const token = await tokenOf()
    expect(await verifies(token)).toBe(true)
    const { code, out, err } = await stile(['keys', 'rotate', '--compromised', '--json'], OWN)
    expect(code, err).toBe(0)
    const { kid, withdrawn } = JSON.parse(out)
    expect(new Set(withdrawn)).toEqual(new Set(before))
    for (const at of [first, second]) {
      await expect.poll(async () => (await kids(at)).some((each) => before.includes(each)), { timeout: 1_000 }).toBe(false)
      const renewed = await tokenOf(at)
      expect([kidOf(renewed), await verifies(renewed, at), await verifies(token, at)]).toEqual([kid, true, false])
    }
  })

  test('threat: a wrong secret puts a key into the store that no process can open', async () => {
    const before = await kids()
    expect((await stile(['keys', 'rotate', '--compromised'], { STILE_SECRET: base64(OTHER) })).code).toBe(1)
    expect(await kids()).toEqual(before)
  })
})
