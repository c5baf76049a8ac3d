import { WebAuthnAbortService } from '@simplewebauthn/browser'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StileError } from '../error.ts'
import { authenticate } from './authenticate.ts'
import { runCeremony } from './ceremony.ts'
import { register } from './register.ts'

beforeEach(() => void vi.stubGlobal('PublicKeyCredential', class {}))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const { signal } = new AbortController()
const GET = { challenge: 'AAAA', rpId: 'localhost' }
const CREATE = {
  challenge: 'AAAA',
  rp: { name: 'Demo', id: 'localhost' },
  user: { id: 'AQID', name: 'ada', displayName: 'Ada' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
}
const bytes = new Uint8Array([1, 2, 3]).buffer
const credential = (response: object) => ({
  id: 'AQID',
  rawId: bytes,
  type: 'public-key',
  response,
  getClientExtensionResults: () => ({}),
})

type Asked = Readonly<{ signal: AbortSignal }>
/** A browser whose prompts do this. */
function prompts(answer: (asked: Asked) => Promise<unknown>) {
  const get = vi.fn(answer)
  vi.stubGlobal('navigator', { credentials: { get, create: get } })
  return get
}
/** A prompt that is open until its signal is aborted. */
const held = ({ signal: prompt }: Asked) =>
  new Promise((_, reject) => prompt.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))))
const codeOf = (ceremony: Promise<unknown>) => ceremony.then(String, ({ code }: StileError) => code)

test('a passkey answers the challenge of the service, in the form of the service', async () => {
  const get = prompts(async () => credential({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes, userHandle: bytes }))
  expect(await authenticate(GET, { signal })).toMatchObject({
    id: 'AQID',
    rawId: 'AQID',
    type: 'public-key',
    response: { clientDataJSON: 'AQID', authenticatorData: 'AQID', signature: 'AQID', userHandle: 'AQID' },
  })
  expect(get).toHaveBeenCalledWith({ publicKey: expect.objectContaining({ rpId: 'localhost' }), signal: expect.any(AbortSignal) })
})

test('a new passkey is told with its attestation and transports', async () => {
  prompts(async () => credential({ clientDataJSON: bytes, attestationObject: bytes, getTransports: () => ['internal'] }))
  expect(await register(CREATE, signal)).toMatchObject({
    id: 'AQID',
    response: { clientDataJSON: 'AQID', attestationObject: 'AQID', transports: ['internal'] },
  })
})

test('a credential of a password manager that lacks what browsers add is told all the same', async () => {
  const answer = { clientDataJSON: bytes, authenticatorData: bytes, signature: bytes, userHandle: null }
  prompts(async () => ({ id: 'AQID', rawId: bytes, type: 'public-key', response: answer }))
  expect(await authenticate(GET, { signal })).toMatchObject({ rawId: 'AQID', response: { signature: 'AQID' }, clientExtensionResults: {} })
  const plain = { id: 'AQID', rawId: bytes, type: 'public-key', response: { clientDataJSON: bytes, attestationObject: bytes } }
  prompts(async () => plain)
  expect(await register(CREATE, signal)).toMatchObject({ rawId: 'AQID', response: { transports: [] }, clientExtensionResults: {} })
  const getTransports = () => {
    throw new TypeError('Illegal invocation')
  }
  prompts(async () => ({ ...plain, response: { ...plain.response, getTransports } }))
  expect(await register(CREATE, signal)).toMatchObject({ response: { attestationObject: 'AQID', transports: [] } })
})

test("while a prompt is open, and after it, the browser's functions are its own", async () => {
  let close = (_: unknown) => {}
  const open = () => new Promise((resolve) => (close = resolve))
  const answer = credential({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes })
  const get = prompts(open)
  const used = authenticate(GET, { signal })
  expect(navigator.credentials.get).toBe(get)
  close(answer)
  await used
  expect(navigator.credentials.get).toBe(get)
  // a browser has them on the prototype
  const credentials = Object.create({ get: open })
  vi.stubGlobal('navigator', { credentials })
  const usedAgain = authenticate(GET, { signal })
  expect(Object.hasOwn(credentials, 'get')).toBe(false)
  close(answer)
  await usedAgain
})

test.each([
  ['frozen', (credentials: object) => Object.freeze(credentials)],
  ['sealed', (credentials: object) => Object.seal(credentials)],
  ['not extensible', (credentials: object) => Object.preventExtensions(Object.create(credentials))],
])('a page whose `credentials` is %s has its prompt', async (_, harden) => {
  const get = async () => credential({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes })
  vi.stubGlobal('navigator', { credentials: harden({ get }) })
  expect(await authenticate(GET, { signal })).toMatchObject({ id: 'AQID' })
})

test('a broken extension that rejects with nothing ends the ceremony, instead of hanging it', async () => {
  prompts(() => Promise.reject(undefined))
  expect(await codeOf(authenticate(GET, { signal }))).toBe('passkey_failed')
  expect(await codeOf(register(CREATE, signal))).toBe('passkey_failed')
  expect(await codeOf(runCeremony({ options: {}, signal, ask: () => Promise.reject(undefined) }))).toBe('passkey_failed')
})

test.each([
  ['NotAllowedError', 'passkey_cancelled', 'passkey_cancelled'],
  ['AbortError', 'passkey_cancelled', 'passkey_cancelled'],
  ['SecurityError', 'passkey_unavailable', 'passkey_unavailable'],
  ['NotSupportedError', 'passkey_unavailable', 'passkey_unavailable'],
  ['InvalidStateError', 'passkey_exists', 'passkey_exists'],
  ['ConstraintError', 'passkey_failed', 'passkey_failed'],
  ['UnknownError', 'passkey_failed', 'passkey_failed'],
  ['TypeError', 'passkey_failed', 'passkey_failed'],
])('%s of the browser is the code %s when a passkey is used, %s when one is made', async (name, used, made) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  prompts(() => Promise.reject(new DOMException('no', name)))
  expect(await codeOf(authenticate(GET, { signal }))).toBe(used)
  expect(await codeOf(register(CREATE, signal))).toBe(made)
  await vi.dynamicImportSettled()
})

test.each([
  // the library wraps this one
  'NotAllowedError',
  // and leaves this one as it is
  'ConstraintError',
])("the browser's exception is kept as the cause: %s", async (name) => {
  const exception = new DOMException('no', name)
  prompts(() => Promise.reject(exception))
  const error = await authenticate(GET, { signal }).catch((each) => each)
  expect(error).toBeInstanceOf(StileError)
  expect(error.cause).toBe(exception)
})

test('an extension that never answers is waited for no longer than the options say, and a little', async () => {
  vi.useFakeTimers()
  const get = prompts(() => new Promise(() => {}))
  const code = codeOf(authenticate({ ...GET, timeout: 1000 }, { signal }))
  await vi.advanceTimersByTimeAsync(5999)
  expect(get.mock.calls[0]?.[0].signal.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(await code).toBe('passkey_timeout')
  expect(get.mock.calls[0]?.[0].signal.aborted).toBe(true)
})

test('if there are other ways, it is waited for no longer than the patience for it', async () => {
  vi.useFakeTimers()
  prompts(() => new Promise(() => {}))
  const code = codeOf(authenticate(GET, { signal, patienceMs: 500 }))
  await vi.advanceTimersByTimeAsync(500)
  expect(await code).toBe('passkey_timeout')
})

test('a browser that knows no passkeys says so', async () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  const get = prompts(held)
  expect(await codeOf(authenticate(GET, { signal }))).toBe('passkey_unavailable')
  expect(get).not.toHaveBeenCalled()
})

test('aborting the signal takes the prompt away; one that was aborted before opens none', async () => {
  const get = prompts(held)
  const leaving = new AbortController()
  const code = codeOf(authenticate(GET, { signal: leaving.signal }))
  leaving.abort()
  expect(await code).toBe('passkey_cancelled')
  expect(await codeOf(authenticate(GET, { signal: leaving.signal }))).toBe('passkey_cancelled')
  expect(get).toHaveBeenCalledOnce()
})

test('a page has one ceremony at a time: a new one ends the one before, which then cannot end the new one', async () => {
  const get = prompts(held)
  const [first, second] = [new AbortController(), new AbortController()]
  const used = codeOf(authenticate(GET, { signal: first.signal }))
  const made = codeOf(register(CREATE, second.signal))
  expect(await used).toBe('passkey_cancelled')
  first.abort()
  expect(get.mock.calls.map(([asked]) => asked.signal.aborted)).toEqual([true, false])
  second.abort()
  expect(await made).toBe('passkey_cancelled')
})

test('an extension that holds a prompt which a new ceremony has ended cannot end the new one by being late', async () => {
  vi.useFakeTimers()
  const get = prompts(() => new Promise(() => {}))
  const late = codeOf(authenticate(GET, { signal, patienceMs: 500 }))
  const next = codeOf(authenticate(GET, { signal, patienceMs: 1000 }))
  await vi.advanceTimersByTimeAsync(500)
  expect(await late).toBe('passkey_timeout')
  expect(get.mock.calls[1]?.[0].signal.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(500)
  expect(await next).toBe('passkey_timeout')
})

test("a ceremony of the application's own ends ours", async () => {
  prompts(held)
  const code = codeOf(authenticate(GET, { signal }))
  WebAuthnAbortService.createNewAbortSignal()
  expect(await code).toBe('passkey_cancelled')
})

test('a ceremony fails as it did even if what tells why cannot be loaded', async () => {
  vi.resetModules()
  vi.doMock('./passkey-error.ts', () => {
    throw new TypeError('Failed to fetch dynamically imported module')
  })
  const { authenticate: fresh } = await import('./authenticate.ts')
  prompts(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
  const error = await fresh(GET, { signal }).catch((each) => each)
  expect(error).toMatchObject({ code: 'passkey_failed', cause: { name: 'NotAllowedError' } })
  vi.doUnmock('./passkey-error.ts')
})

test('a page that the rpId does not fit is explained to its developer, once', async () => {
  vi.resetModules()
  const { authenticate: fresh } = await import('./authenticate.ts')
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  prompts(() => Promise.reject(new DOMException('no', 'SecurityError')))
  const error = await fresh({ ...GET, rpId: 'id.example.com' }, { signal }).catch((each) => each)
  expect(error).toMatchObject({ code: 'passkey_unavailable', cause: { name: 'SecurityError' } })
  await vi.dynamicImportSettled()
  for (const part of ['"id.example.com"', location.origin, 'webauthn.rpId', 'webauthn.origins'])
    expect(log.mock.calls[0]?.[0]).toContain(part)
  await fresh({ ...GET, rpId: 'id.example.com' }, { signal }).catch(() => {})
  await vi.dynamicImportSettled()
  expect(log).toHaveBeenCalledOnce()
})

test('a dismissed prompt is no matter for the developer', async () => {
  vi.resetModules()
  const { authenticate: fresh } = await import('./authenticate.ts')
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  prompts(() => Promise.reject(new DOMException('no', 'NotAllowedError')))
  await fresh(GET, { signal }).catch(() => {})
  await vi.dynamicImportSettled()
  expect(log).not.toHaveBeenCalled()
})
