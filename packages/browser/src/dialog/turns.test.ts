import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { assertion, stubAuthenticator } from '../step-ups/authenticator.test-support.ts'
import { doneStepUp, json, openStepUp, refuse, setup, state, until } from '../wire.test-support.ts'
import { buttonOf, dialog, input, mount, press, rootOf, texts, type, useDialogs } from './page.test-support.ts'
import { enrols, none, title, typeIn } from './wizard/wizard.test-support.ts'

useDialogs()
afterEach(() => vi.unstubAllGlobals())
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const featureOf = (body: unknown) => (body as { feature: string }).feature
const PASSKEY = { method: 'passkey', start: { challenge: 'AAAA', rpId: 'localhost', timeout: 60_000 } }
const PAYMENT = { operation: { amount: '9000' } }

test('the confirmation of one step-up does not close the dialog under the next', async () => {
  const { stile } = setup({
    'POST /v1/step-ups': ({ body }) =>
      json(openStepUp({ id: featureOf(body) === 'reports.export' ? 'su_1' : 'su_2', feature: featureOf(body) })),
    'POST /v1/step-ups/su_2/attempts': () => json(doneStepUp('second')),
  })
  mount(stile)
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.share', PAYMENT)
  await until(() => input())
  type('123456')
  await first.done
  await until(() => title() === texts.done)
  expect(second.get().status).toBe('starting')
  await until(() => dialog().open && dialog().textContent?.includes('9000') && input())
  expect(input().value).toBe('')
  type('123456')
  expect((await second.done).token).toBe('second')
})

test('a step-up that failed is read before the next one is shown', async () => {
  const { stile } = setup({
    'POST /v1/step-ups': ({ body }) =>
      featureOf(body) === 'reports.export' ? refuse('denied', { detail: 'Ask Grace.' }) : json(openStepUp()),
  })
  mount(stile)
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.share')
  await first.done.catch(() => {})
  await until(() => dialog().open)
  await after(500)
  expect(dialog().textContent).toContain('Ask Grace.')
  press(texts.close)
  await until(() => second.get().status === 'proving')
})

test.each([0, 1500])(
  'threat: after one passkey the browser asks for that of a payment which the dialog does not show (state after %i ms)',
  async (slow) => {
    let asked = 0
    const shownAtPrompt: (string | null)[] = []
    stubAuthenticator(async () => {
      shownAtPrompt.push(dialog().textContent)
      if (asked++) return new Promise(() => {})
      await after(600)
      return assertion
    })
    const { stile, answers } = setup({
      'POST /v1/step-ups': ({ body }) =>
        json(openStepUp({ ...(body as object), id: featureOf(body) === 'reports.export' ? 'su_1' : 'su_2', methods: [PASSKEY] })),
    })
    mount(stile)
    const first = stile.stepUp('reports.export')
    stile.stepUp('payouts.approve', PAYMENT)
    await until(() => first.get().status === 'proving' && dialog().open)
    answers['GET /v1/state'] = async () => {
      await after(slow)
      return json(state({ revision: 2 }))
    }
    await until(() => asked === 2)
    expect(shownAtPrompt[1]).toContain('9000')
    await after(1000)
    expect(dialog().open && dialog().textContent).toContain('9000')
  },
)

test('unmounting cancels a step-up that waits for another, and one whose enrolment is under way', async () => {
  const { stile, answers } = setup({ ...enrols, ...none, 'POST /v1/step-ups': () => refuse('denied') })
  const unmount = mount(stile)
  await stile.stepUp('reports.export').done.catch(() => {})
  await until(() => dialog().open)
  const waiting = stile.stepUp('reports.share')
  await after(20)
  unmount()
  await expect(waiting.done).rejects.toMatchObject({ code: 'step_up_cancelled' })

  answers['POST /v1/step-ups'] = () => refuse('enrollment_required', { next: { methods: ['totp', 'passkey'] } })
  const unmountNext = mount(stile)
  const enrolling = stile.stepUp('reports.export')
  await until(() => buttonOf(texts.totpTitle))
  press(texts.totpTitle)
  await until(() => input())
  typeIn('123456')
  await until(() => title() === texts.enrolled)
  unmountNext()
  await expect(enrolling.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})

describe('a step-up that its caller lets go while something is to be enrolled for it', () => {
  const asksToEnrol = {
    ...enrols,
    ...none,
    'POST /v1/step-ups': () => refuse('enrollment_required', { next: { methods: ['totp', 'passkey'] } }),
  }

  test('takes its enrolment off the screen', async () => {
    const { stile } = setup(asksToEnrol)
    mount(stile)
    const caller = new AbortController()
    const { done } = stile.stepUp('reports.export', { signal: caller.signal })
    await until(() => buttonOf(texts.totpTitle))
    press(texts.totpTitle)
    await until(() => input())
    caller.abort()
    await expect(done).rejects.toMatchObject({ code: 'step_up_cancelled' })
    await until(() => !dialog().open)
  })

  test('opens no enrolment that is still being loaded', async () => {
    const { stile } = setup(asksToEnrol)
    mount(stile)
    const caller = new AbortController()
    const flow = stile.stepUp('reports.export', { signal: caller.signal })
    flow.subscribe(() => {
      if (flow.get().status === 'enrolling') setTimeout(() => caller.abort())
    })
    await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
    await after(100)
    expect(dialog().open).toBe(false)
  })

  test('leaves an enrolment that somebody has opened before', async () => {
    const { stile, seen } = setup(asksToEnrol)
    const mounted = mount(stile)
    mounted.enroll()
    await until(() => buttonOf(texts.totpTitle))
    const caller = new AbortController()
    const flow = stile.stepUp('reports.export', { signal: caller.signal })
    await until(() => seen('POST /v1/step-ups').length && flow.get().status === 'enrolling')
    await after(50)
    caller.abort()
    await after(50)
    expect(dialog().open && buttonOf(texts.totpTitle)).toBeTruthy()
  })
})

test('a user name that cannot be read cancels the step-up, and the next one gets its turn', async () => {
  const errors: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => errors.push(error))
  let user = (): string => {
    throw new Error('of the application')
  }
  const { stile } = setup()
  mount(stile, { user: () => user() })
  await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  expect(errors).toHaveLength(1)
  user = () => 'ada'
  stile.stepUp('reports.share')
  await until(() => input())
})

test('threat: a problem code that every object has as a name: the step-up settles and the sentence is one of ours', async () => {
  const { stile } = setup({
    'POST /v1/step-ups': () => json({ type: 'urn:stile:problem:constructor', title: 'No', status: 403, detail: '' }, 403),
  })
  mount(stile)
  await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code: 'constructor' })
  await until(() => dialog().textContent?.includes(texts.failed))
})

test('“Try again” twice asks for one step-up', async () => {
  const { stile, answers, seen } = setup({ 'POST /v1/step-ups': () => refuse('service_unavailable') })
  mount(stile)
  stile.stepUp('reports.export')
  await until(() => buttonOf(texts.retry))
  const before = seen('POST /v1/step-ups').length
  answers['POST /v1/step-ups'] = () => json(openStepUp())
  buttonOf(texts.retry)?.click()
  buttonOf(texts.retry)?.click()
  await until(() => input())
  expect(seen('POST /v1/step-ups').length - before).toBe(1)
})

test('a dialog that is taken away before it has confirmed shows nothing more', async () => {
  const errors: unknown[] = []
  const heard = (event: ErrorEvent) => errors.push(event.error)
  window.addEventListener('error', heard)
  onTestFinished(() => window.removeEventListener('error', heard))
  const { stile } = setup()
  const unmount = mount(stile)
  const shadow = rootOf()
  const flow = stile.stepUp('reports.export')
  await until(() => input())
  type('123456')
  await flow.done
  unmount()
  await after(150)
  expect(shadow.querySelector('dialog')?.open).toBe(false)
  expect(shadow.querySelector('h2')?.textContent).not.toBe(texts.done)
  expect(errors).toEqual([])
})
