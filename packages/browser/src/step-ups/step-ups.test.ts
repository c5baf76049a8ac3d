import { expect, test, vi } from 'vitest'
import type { Flow } from '../stile.ts'
import { doneStepUp, json, openStepUp, refuse, setup, until } from '../wire.test-support.ts'

test('two that ask for the same share one prompt, and both settle', async () => {
  const { stile, seen } = setup()
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.export')
  await until(() => first.get().status === 'proving')
  await second.submit({ code: '123456' })
  expect(await Promise.all([first.done, second.done])).toHaveLength(2)
  expect(shown).toHaveLength(1)
  expect(seen('POST /v1/step-ups')).toHaveLength(1)
})

test('someone who rides on the prompt for another payment cannot: bound operations never share', async () => {
  const { stile, seen } = setup()
  const pay = (amount: string) => stile.stepUp('reports.export', { operation: { amount }, headless: true })
  const flows = [pay('1'), pay('1'), pay('2')]
  expect(new Set(flows).size).toBe(3)
  await until(() => seen('POST /v1/step-ups').length === 3)
  // each signs its own proof of the key first, so that they arrive in any order
  const bodies = seen('POST /v1/step-ups').map(({ body }) => body as { operation: { amount: string } })
  expect(bodies.toSorted((a, b) => a.operation.amount.localeCompare(b.operation.amount))).toEqual(
    ['1', '1', '2'].map((amount) => ({ feature: 'reports.export', operation: { amount }, audience: 'api' })),
  )
})

test('the token of a bound operation is not kept for other requests', async () => {
  const { stile } = setup({
    'POST /v1/step-ups': () => json(doneStepUp('bound')),
    // a state that could be read would bring another token anyway
    'GET /v1/state': () => refuse('service_unavailable'),
  })
  await stile.stepUp('reports.export', { operation: { amount: '1' } }).done
  expect((await stile.token()).token).not.toBe('bound')
})

test('prompts come one after the other, and the second is spared when the first was enough', async () => {
  let proven = false
  const { stile, seen } = setup({
    'POST /v1/step-ups': () => json(proven ? doneStepUp() : openStepUp()),
    'POST /v1/step-ups/su_1/attempts': () => {
      proven = true
      return json(doneStepUp())
    },
  })
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.share')
  await until(() => first.get().status === 'proving')
  expect(seen('POST /v1/step-ups')).toHaveLength(1)
  await first.submit({ code: '123456' })
  await Promise.all([first.done, second.done])
})

test('a prompt that was cancelled while it waited is never shown', async () => {
  const { stile } = setup()
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  const first = stile.stepUp('reports.export')
  const second = stile.stepUp('reports.share')
  second.cancel()
  await until(() => first.get().status === 'proving')
  first.cancel()
  await expect(second.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
  const third = stile.stepUp('reports.third')
  await until(() => third.get().status === 'proving')
  expect(shown).toEqual([first, third])
})

test('a headless step-up is shown by its caller alone', async () => {
  const { stile } = setup()
  const shown: Flow[] = []
  stile.onStepUp((flow) => shown.push(flow))
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  expect(shown).toEqual([])
})

test('closing settles every caller', async () => {
  const { stile } = setup()
  const flows = [stile.stepUp('reports.export'), stile.stepUp('reports.share')]
  stile.close()
  for (const flow of flows) await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})

test.each(['origin_not_allowed', 'not_found', 'invalid_request'] as const)(
  'a page that is set up wrongly (%s) is told to its developer, with what the service says and for which feature',
  async (code) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { stile } = setup({ 'POST /v1/step-ups': () => refuse(code, { detail: `What to do about ${code}.` }) })
    await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code })
    expect(log.mock.calls.flat().join('\n')).toMatch(new RegExp(`reports\\.export.*${code}.*What to do about`))
    log.mockRestore()
  },
)

test('a step-up that the plan does not allow is no matter for the developer', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { stile } = setup({ 'POST /v1/step-ups': () => refuse('license_required') })
  await expect(stile.stepUp('reports.export').done).rejects.toMatchObject({ code: 'license_required' })
  expect(log).not.toHaveBeenCalled()
  log.mockRestore()
})
