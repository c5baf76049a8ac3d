import { afterEach, expect, test, vi } from 'vitest'
import { createEnrollment } from '../enroll/index.ts'
import { json, setup, until } from '../wire.test-support.ts'
import { signalAccepted, signalUnknown } from './signal.ts'

const webauthn = { rpId: 'example.com', userId: 'dXNlcg', credentialIds: ['one', 'two'] }
const accepted = { rpId: 'example.com', userId: 'dXNlcg', allAcceptedCredentialIds: ['one', 'two'] }

afterEach(() => vi.unstubAllGlobals())

function browser() {
  const signals = { signalAllAcceptedCredentials: vi.fn(async () => {}), signalUnknownCredential: vi.fn(async () => {}) }
  vi.stubGlobal('PublicKeyCredential', Object.assign(class {}, signals))
  return signals
}
const request = vi.fn(async () => ({ authenticators: [], webauthn }))
const answered = (id: string, userHandle?: string) => ({ id, response: { userHandle } })

test('the browser learns which passkeys count when they are listed, and after one was removed', async () => {
  const { signalAllAcceptedCredentials } = browser()
  const { stile, seen } = setup({
    'GET /v1/authenticators': () => json({ authenticators: [], webauthn }),
    'DELETE /v1/authenticators/auth_1': () => new Response(null, { status: 204 }),
  })
  const enrollment = createEnrollment(stile)
  await enrollment.list()
  await until(() => signalAllAcceptedCredentials.mock.calls.length === 1)
  expect(signalAllAcceptedCredentials).toHaveBeenCalledWith(accepted)
  expect(seen('GET /v1/authenticators')).toHaveLength(1)
  await enrollment.remove('auth_1')
  await until(() => signalAllAcceptedCredentials.mock.calls.length === 2)
  stile.close()
})

test('a browser that has no such calls is asked nothing, and neither is the service', async () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  request.mockClear()
  await signalAccepted(request)
  await signalUnknown(request, answered('three', 'dXNlcg'))
  vi.stubGlobal('PublicKeyCredential', class {})
  await signalAccepted(request)
  await signalUnknown(request, answered('three', 'dXNlcg'))
  expect(request).not.toHaveBeenCalled()
})

test.each([undefined, {}, { ...webauthn, credentialIds: undefined }, { ...webauthn, userId: '' }])(
  'a list that is not whole hides no passkey: %j',
  async (partly) => {
    const { signalAllAcceptedCredentials } = browser()
    await signalAccepted(request, { authenticators: [], webauthn: partly })
    expect(signalAllAcceptedCredentials).not.toHaveBeenCalled()
  },
)

test('a passkey of another account in the same browser is not taken for one that was removed', async () => {
  const { signalUnknownCredential } = browser()
  await signalUnknown(request, answered('three', 'b3RoZXI'))
  await signalUnknown(request, answered('three'))
  await signalUnknown(request, answered('two', 'dXNlcg'))
  expect(signalUnknownCredential).not.toHaveBeenCalled()
  await signalUnknown(request, answered('three', 'dXNlcg'))
  expect(signalUnknownCredential).toHaveBeenCalledWith({ rpId: 'example.com', credentialId: 'three' })
})

test('whatever the browser or the service does, nothing is thrown', async () => {
  const refusal = () => Promise.reject(new DOMException('no', 'SecurityError'))
  vi.stubGlobal('PublicKeyCredential', Object.assign(class {}, { signalAllAcceptedCredentials: refusal, signalUnknownCredential: refusal }))
  await signalAccepted(request)
  await signalUnknown(request, answered('three', 'dXNlcg'))
  await signalAccepted(refusal)
  await signalUnknown(refusal, undefined)
  await signalAccepted(request, Promise.reject(new Error('never listed')))
})
