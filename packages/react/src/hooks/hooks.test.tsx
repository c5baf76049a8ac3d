import { createStile } from '@stile/browser'
import { PROBLEM_MEDIA_TYPE, problem } from '@stile/protocol'
import { authenticatorOf, licenseOf } from '@stile/testing'
import { act, render, renderHook, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { createElement, type ReactNode, useState } from 'react'
import { expect, onTestFinished, test } from 'vitest'
import { connect, MEMBER, open, typeCode } from '../page.test-support.ts'
import { StileProvider } from '../provider/stile-provider.tsx'
import { openDialog } from '../shadow.test-support.ts'
import { useAuthenticators } from './use-authenticators.ts'
import { useFeature } from './use-feature.ts'
import { useLicense } from './use-license.ts'
import { useStepUp } from './use-step-up.ts'
import { useStile } from './use-stile.ts'

function hook<T>(use: () => T, given = MEMBER) {
  const connected = connect({ given })
  const wrapper = ({ children }: { children: ReactNode }) => createElement(StileProvider, { client: connected.client }, children)
  return { ...connected, ...renderHook(use, { wrapper }) }
}

function Export() {
  const { state, start } = useStepUp('reports.export')
  return (
    <button type="button" onClick={() => start({ label: 'the export' })}>
      {state.status}
    </button>
  )
}

function Remove() {
  const { authenticators, remove } = useAuthenticators()
  return (
    <button type="button" onClick={() => remove('auth_totp')}>
      {authenticators.length} enrolled
    </button>
  )
}

function Enroll() {
  const { enroll } = useAuthenticators()
  const [enrolled, setEnrolled] = useState<boolean>()
  return (
    <button type="button" onClick={async () => setEnrolled(await enroll())}>
      Enrolled: {`${enrolled}`}
    </button>
  )
}

const Lost = () => <>{useFeature('reports.view').status}</>

test('useFeature says what may be done now, and follows', async () => {
  const { result, service } = hook(() => useFeature('reports.export'))
  expect(result.current).toEqual({ status: 'loading' })
  await waitFor(() => expect(result.current).toMatchObject({ status: 'step_up', stale: false, decision: { feature: 'reports.export' } }))
  act(() => service.given({ license: licenseOf('basic') }))
  await waitFor(() => expect(result.current).toMatchObject({ status: 'upgrade', decision: { next: { tiers: ['pro', 'enterprise'] } } }))
})

test('threat: an unknown feature is taken for permitted: useFeature denies it', async () => {
  const { result } = hook(() => useFeature('reports.exprot' as 'reports.export'))
  await waitFor(() => expect(result.current).toEqual({ status: 'deny', decision: undefined, stale: false }))
})

test('useFeature keeps what was said last while the service is away, and marks it', async () => {
  const { result, service } = hook(() => useFeature('reports.view'))
  await waitFor(() => expect(result.current.status).toBe('permit'))
  act(() => service.given({ network: 'down' }))
  await waitFor(() => expect(result.current).toMatchObject({ status: 'permit', stale: true }))
})

test('useFeature says why nothing can be known, with a way to try again', async () => {
  const { result, service } = hook(() => useFeature('reports.view'), { network: 'down' })
  await waitFor(() => expect(result.current).toMatchObject({ status: 'error', code: 'service_unavailable' }))
  service.given({ network: 'up' })
  act(() => {
    if (result.current.status === 'error') result.current.retry()
  })
  await waitFor(() => expect(result.current.status).toBe('permit'))
})

test('useLicense gives the license and every tier that it includes', async () => {
  const { result, service } = hook(() => useLicense())
  await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', tiers: ['enterprise', 'pro', 'basic'], stale: false }))
  act(() => service.given({ license: null }))
  await waitFor(() => expect(result.current).toMatchObject({ license: null, tiers: ['basic'] }))
})

test('useStepUp without the dialog: a wrong code, then the right one', async () => {
  const { result } = hook(() => useStepUp('reports.export'))
  expect(result.current).toMatchObject({ state: { status: 'idle' }, flow: null })
  let proven: Promise<unknown> = Promise.resolve()
  act(() => {
    proven = result.current.start({ headless: true })
  })
  await waitFor(() => expect(result.current.state).toMatchObject({ status: 'proving', method: 'totp', methods: ['totp'] }))
  await act(async () => result.current.flow?.submit({ code: '000000' }))
  expect(result.current.state).toMatchObject({ status: 'proving', error: { failure: 'wrong_code', attemptsLeft: 4 } })
  await act(async () => result.current.flow?.submit({ code: '123 456' }))
  await waitFor(() => expect(result.current.state.status).toBe('done'))
  await expect(proven).resolves.toMatchObject({ acr: 'urn:stile:acr:mfa' })
  expect(openDialog()).toBeNull()
})

test('useStepUp tells a cancelled step-up by its code', async () => {
  const { result } = hook(() => useStepUp('reports.export'))
  let proven: Promise<unknown> = Promise.resolve()
  act(() => {
    proven = result.current.start({ headless: true })
  })
  await waitFor(() => expect(result.current.state.status).toBe('proving'))
  act(() => result.current.flow?.cancel())
  await expect(proven).rejects.toMatchObject({ code: 'step_up_cancelled' })
  expect(result.current.state.status).toBe('cancelled')
})

test('useStepUp follows along while the dialog shows the step-up', async () => {
  const { user } = open(<Export />)
  await user.click(screen.getByText('idle'))
  await screen.findByText(/^To continue: the export/)
  await typeCode(user)
  await screen.findByText('done')
})

test('useAuthenticators lists and names what is enrolled', async () => {
  const two = [authenticatorOf('totp'), authenticatorOf('totp', { id: 'auth_2', name: 'Old phone' })]
  const now = Math.floor(Date.now() / 1000)
  const proofs = [{ method: 'totp' as const, level: 'mfa' as const, amr: ['otp'], authTime: now }]
  const { result } = hook(() => useAuthenticators(), { ...MEMBER, authenticators: two, proofs })
  expect(result.current.authenticators).toEqual([])
  await waitFor(() => expect(result.current.authenticators).toHaveLength(2))
  await act(() => result.current.rename('auth_2', 'Phone'))
  await waitFor(() => expect(result.current.authenticators[1]?.name).toBe('Phone'))
})

test('threat: a thief of an open page removes the authenticator: a fresh proof is asked for first', async () => {
  const { service, user } = open(<Remove />)
  await user.click(await screen.findByText('1 enrolled'))
  await screen.findByLabelText(/6-digit code/)
  screen.getByText('Remove Authenticator app.')
  expect(service.world().authenticators).toHaveLength(1)
  await typeCode(user)
  await screen.findByText('0 enrolled')
})

test('useAuthenticators opens enrolment and says whether something came of it', async () => {
  const { user } = open(<Enroll />, { given: {} })
  await user.click(screen.getByText('Enrolled: undefined'))
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await screen.findByText('Enrolled: false')
})

test('threat: the first click comes to nothing: a step-up that begins before the dialog is loaded is shown by it', async () => {
  const { client, user } = open(<p>page</p>)
  const { done } = client.stepUp('reports.export')
  await typeCode(user)
  await done
})

test('and so is that of a request', async () => {
  const { service } = connect()
  const refused = { ...problem('insufficient_user_authentication', 'Prove it.'), feature: 'reports.export' }
  const headers = { 'content-type': PROBLEM_MEDIA_TYPE, 'www-authenticate': `DPoP error="${refused.code}", acr_values="urn:stile:acr:mfa"` }
  const answers = [new Response(JSON.stringify(refused), { status: 401, headers }), new Response('rows')]
  const client = createStile({
    service: service.url,
    session: service.session,
    audiences: { api: ['https://api.test'] },
    fetch: async (input, init) => {
      const url = new URL((input as Request).url ?? input)
      return url.origin === service.url ? service.fetch(input, init) : (answers.shift() as Response)
    },
  })
  onTestFinished(client.close)
  render(<StileProvider client={client}>page</StileProvider>)
  const asked = client.fetch('https://api.test/rows', { prompt: 'always' })
  await typeCode(userEvent.setup())
  expect(await (await asked).text()).toBe('rows')
})

test('an application that shows step-ups itself mounts no dialog, and nothing is enrolled by it', async () => {
  const { user, container } = open(<Enroll />, { dialog: false })
  await user.click(screen.getByText('Enrolled: undefined'))
  await screen.findByText('Enrolled: false')
  expect(container.ownerDocument.querySelector('stile-dialog')).toBeNull()
})

test('useStile gives the client itself', () => {
  const { client, result } = hook(() => useStile())
  expect(result.current).toBe(client)
})

test('without a provider the error says how to get one', () => {
  expect(() => render(<Lost />)).toThrow('wrap it in <StileProvider client={…}>')
})
