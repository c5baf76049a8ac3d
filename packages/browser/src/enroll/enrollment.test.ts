import { afterEach, expect, test, vi } from 'vitest'
import { mountDialog } from '../dialog/index.ts'
import type { Flow } from '../stile.ts'
import { type Answer, json, NOW, openStepUp, refuse, setup, until } from '../wire.test-support.ts'
import { createEnrollment } from './enrollment.ts'

const START = 'POST /v1/authenticators/registrations'
const FINISH = `${START}/reg_1`
const authenticator = { id: 'auth_1', method: 'totp', level: 'mfa', name: 'Phone', createdAt: NOW }
const totp = {
  id: 'reg_1',
  expiresAt: NOW + 300,
  method: 'totp',
  start: { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP' },
}
const passkey = {
  id: 'reg_1',
  expiresAt: NOW + 300,
  method: 'passkey',
  start: {
    challenge: 'AQID',
    rp: { name: 'x' },
    user: { id: 'BAUG', name: 'a', displayName: 'A' },
    pubKeyCredParams: [],
    excludeCredentials: [{ id: 'BwgJ', type: 'public-key' }],
  },
}
const relogin = { requirement: { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] } } as const
const stronger = { feature: 'stile:authenticators', requirement: { level: 'mfa', maxAgeSeconds: 300 } } as const

afterEach(() => vi.unstubAllGlobals())

/** Refuses once, then answers. */
function gate(members: object, then: Answer): Answer {
  let asked = false
  return (arrived) => {
    if (asked) return then(arrived)
    asked = true
    return refuse('insufficient_user_authentication', members)
  }
}

function browser(create: () => Promise<unknown>) {
  const made = vi.fn(create)
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', { credentials: { create: made } })
  return made
}
const bytes = new Uint8Array([1, 2, 3]).buffer
const credential = {
  id: 'AQID',
  rawId: bytes,
  type: 'public-key',
  response: { clientDataJSON: bytes, attestationObject: bytes, getTransports: () => ['internal'] },
  getClientExtensionResults: () => ({}),
}

test('an authenticator app: the secret and its picture, then a code, then it is enrolled', async () => {
  const { stile, seen, answers } = setup({
    [START]: () => json(totp, 201),
    [FINISH]: () => refuse('attempt_failed', { failure: 'wrong_code', attemptsLeft: 4 }),
  })
  const enrollment = createEnrollment(stile)
  await enrollment.start('totp')
  const state = enrollment.get()
  expect(state).toMatchObject({
    status: 'proving',
    method: 'totp',
    registration: totp,
    qr: expect.stringMatching(/^<svg .*<path fill="#fff"/),
  })
  await enrollment.submit({ code: '000000' })
  expect(enrollment.get()).toMatchObject({ status: 'proving', error: { failure: 'wrong_code', attemptsLeft: 4 } })
  answers[FINISH] = () => json(authenticator, 201)
  await enrollment.submit({ code: '123456' }, 'Phone')
  expect(enrollment.get()).toEqual({ status: 'done', authenticator })
  expect(seen(FINISH)[1]?.body).toEqual({ response: { code: '123456' }, name: 'Phone' })
  expect(seen('GET /v1/state').length).toBeGreaterThan(0)
  stile.close()
})

test('a passkey is made from the options and sent by itself', async () => {
  const made = browser(async () => credential)
  const { stile, seen } = setup({ [START]: () => json(passkey, 201), [FINISH]: () => json({ ...authenticator, method: 'passkey' }, 201) })
  const enrollment = createEnrollment(stile)
  await enrollment.start('passkey')
  expect(enrollment.get()).toMatchObject({ status: 'done' })
  const [[options]] = made.mock.calls as unknown as [[{ publicKey: PublicKeyCredentialCreationOptions }]]
  const { publicKey } = options
  expect([...new Uint8Array(publicKey.challenge as ArrayBuffer)]).toEqual([1, 2, 3])
  expect([...new Uint8Array(publicKey.user.id as ArrayBuffer)]).toEqual([4, 5, 6])
  const [excluded] = publicKey.excludeCredentials ?? []
  expect([...new Uint8Array(excluded?.id as ArrayBuffer)]).toEqual([7, 8, 9])
  expect(seen(FINISH)[0]?.body).toEqual({
    response: {
      id: 'AQID',
      rawId: 'AQID',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: 'AQID', attestationObject: 'AQID', transports: ['internal'] },
    },
  })
  stile.close()
})

test('a security key is made like a passkey, and the answer says why it counts for less', async () => {
  const made = browser(async () => credential)
  const key = { ...authenticator, method: 'security-key', level: 'phr', attestation: 'untrusted' }
  const { stile, seen } = setup({ [START]: () => json({ ...passkey, method: 'security-key' }, 201), [FINISH]: () => json(key, 201) })
  const enrollment = createEnrollment(stile)
  await enrollment.start('security-key')
  expect(made).toHaveBeenCalledOnce()
  expect(seen(START)[0]?.body).toEqual({ method: 'security-key' })
  expect(enrollment.get()).toMatchObject({ status: 'done', authenticator: { method: 'security-key', attestation: 'untrusted' } })
  stile.close()
})

test('hints and the wish for attestation reach the browser as the service says them', async () => {
  const made = browser(async () => credential)
  const start = { ...passkey.start, hints: ['security-key'], attestation: 'direct' }
  const { stile } = setup({
    [START]: () => json({ ...passkey, method: 'security-key', start }, 201),
    [FINISH]: () => json(authenticator, 201),
  })
  await createEnrollment(stile).start('security-key')
  expect(made.mock.calls[0]).toMatchObject([{ publicKey: { hints: ['security-key'], attestation: 'direct' } }])
  stile.close()
})

test.each([
  ['NotAllowedError', 'passkey_cancelled'],
  ['InvalidStateError', 'passkey_exists'],
  ['SecurityError', 'passkey_unavailable'],
  ['UnknownError', 'passkey_failed'],
] as const)('a prompt that ends with %s can be tried again: %s', async (name, code) => {
  browser(() => Promise.reject(new DOMException('no', name)))
  const { stile } = setup({ [START]: () => json(passkey, 201) })
  const enrollment = createEnrollment(stile)
  await enrollment.start('passkey')
  expect(enrollment.get()).toMatchObject({ status: 'starting', method: 'passkey', error: { code } })
})

test('if nothing is enrolled yet the application signs in again first', async () => {
  const { stile, why, seen } = setup({ [START]: gate(relogin, () => json(totp, 201)) }, { relogin: async () => true })
  const enrollment = createEnrollment(stile)
  await enrollment.start('totp')
  expect(enrollment.get()).toMatchObject({ status: 'proving' })
  expect(why).toEqual(['start', 'relogin'])
  expect(seen(START)).toHaveLength(2)
})

test('someone who adds a factor to get round the step-up has to step up first', async () => {
  const { stile, seen } = setup({ [START]: gate(stronger, () => json(totp, 201)) })
  const enrollment = createEnrollment(stile)
  stile.onStepUp(async (flow) => {
    expect(flow.feature).toBe('stile:authenticators')
    await until(() => flow.get().status === 'proving')
    await flow.submit({ code: '123456' })
  })
  await enrollment.start('totp')
  expect(enrollment.get()).toMatchObject({ status: 'proving' })
  expect(seen(START)).toHaveLength(2)
  stile.close()
})

test('a sign-in or step-up that did not happen adds nothing', async () => {
  const first = setup({ [START]: gate(relogin, () => json(totp, 201)) }, { relogin: async () => false })
  const one = createEnrollment(first.stile)
  await one.start('totp')
  expect(one.get()).toMatchObject({ status: 'starting', error: { code: 'relogin_failed' } })
  const second = setup({ [START]: gate(stronger, () => json(totp, 201)), 'POST /v1/step-ups': () => json(openStepUp()) })
  second.stile.onStepUp((flow) => flow.cancel())
  const two = createEnrollment(second.stile)
  await two.start('totp')
  expect(two.get()).toEqual({ status: 'cancelled' })
})

test('a denial ends it with the problem', async () => {
  const { stile } = setup({ [START]: () => refuse('denied') })
  const enrollment = createEnrollment(stile)
  await enrollment.start('totp')
  expect(enrollment.get()).toMatchObject({ status: 'failed', code: 'denied', problem: { detail: 'because denied' } })
})

test('what was cancelled does not come back', async () => {
  let answer: (response: Response) => void = () => {}
  const { stile, seen } = setup({ [START]: () => new Promise((resolve) => (answer = resolve)) })
  const enrollment = createEnrollment(stile)
  const starting = enrollment.start('totp')
  await until(() => seen(START).length)
  enrollment.cancel()
  answer(json(totp, 201))
  await starting
  expect(enrollment.get()).toEqual({ status: 'cancelled' })
})

test('an enrolment that is cancelled takes the step-up with it that it asked for', async () => {
  const { stile } = setup({ [START]: gate(stronger, () => json(totp, 201)), 'POST /v1/step-ups': () => json(openStepUp()) })
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  const enrollment = createEnrollment(stile)
  enrollment.start('totp')
  await until(() => shown[0]?.get().status === 'proving')
  enrollment.cancel()
  expect(shown[0]?.get().status).toBe('cancelled')
})

test('authenticators are listed, and renaming and removing give the proof that is asked for', async () => {
  const { stile, seen } = setup(
    {
      'GET /v1/authenticators': () => json({ authenticators: [authenticator] }),
      'PATCH /v1/authenticators/auth_1': gate(relogin, () => json({ ...authenticator, name: 'New' })),
      'DELETE /v1/authenticators/auth_1': () => new Response(null, { status: 204 }),
    },
    { relogin: async () => true },
  )
  const { list, rename, remove } = createEnrollment(stile)
  expect(await list()).toEqual([authenticator])
  expect(await rename('auth_1', 'New')).toMatchObject({ name: 'New' })
  await remove('auth_1')
  expect(seen('PATCH /v1/authenticators/auth_1').map(({ body }) => body)).toEqual([{ name: 'New' }, { name: 'New' }])
  expect(seen('DELETE /v1/authenticators/auth_1')).toHaveLength(1)
  stile.close()
})

test('the dialog leads through it: choose, scan, type the code, name it', async () => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true
  }
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false
  }
  const { stile, seen } = setup({
    [START]: () => json(totp, 201),
    [FINISH]: () => json(authenticator, 201),
    'PATCH /v1/authenticators/auth_1': () => json({ ...authenticator, name: 'Work phone' }),
  })
  const mounted = mountDialog(stile)
  const enrolled = mounted.enroll()
  const root = () => document.querySelector('stile-dialog')?.shadowRoot
  const find = <E extends Element>(selector: string) => root()?.querySelector<E>(selector)
  const button = (name: string) => [...(root()?.querySelectorAll('button') ?? [])].find((each) => each.textContent === name)
  await until(() => button('Add an authenticator app'))
  button('Add an authenticator app')?.click()
  await until(() => find('[role=img]'))
  expect(find('[role=img]')?.getAttribute('aria-label')).toBe('QR code for your authenticator app')
  expect(find('code')?.textContent).toBe('JBSW Y3DP EHPK 3PXP')
  const code = find<HTMLInputElement>('input') as HTMLInputElement
  expect(root()?.activeElement).toBe(code)
  code.value = '123 456'
  code.dispatchEvent(new Event('input'))
  await until(() => button('Save'))
  const name = find<HTMLInputElement>('input') as HTMLInputElement
  expect(name.value).toBe('Phone')
  name.value = 'Work phone'
  button('Save')?.click()
  expect(await enrolled).toBe(true)
  expect(seen('PATCH /v1/authenticators/auth_1')).toHaveLength(1)
  await until(() => !find<HTMLDialogElement>('dialog')?.open)
  mounted()
  stile.close()
})
