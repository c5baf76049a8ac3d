import type { State } from '@stile/protocol'
import { describe, expect, test } from 'vitest'
import { doneStepUp, json, jwt, NOW, refuse, setup, state, until } from '../../wire.test-support.ts'
import { about, buttonOf, dialog, input, mount, press, say, texts, useDialogs } from '../page.test-support.ts'
import { CODES, enrols, none, REDEEM, REGISTER, STATUS, submit, TOTP, title, typeIn } from './wizard.test-support.ts'

useDialogs()

const RELOGIN = { level: 'session', maxAgeSeconds: 300, methods: ['relogin'] } as const

/** A page whose user can change, and the calls that arrived for Bob. */
function sharedPage(answers: Parameters<typeof setup>[0] = {}, options: Parameters<typeof setup>[1] = {}) {
  const known = { revision: 1, subject: 'demo|ada', account: 'acme' }
  const made = setup(
    {
      ...none,
      ...enrols,
      'GET /v1/state': () => json(state(known)),
      'GET /v1/events': () => new Promise(() => {}),
      'DELETE /v1/session': () => new Response(null, { status: 204 }),
      ...answers,
    },
    { session: async () => jwt({ iat: NOW, exp: NOW + 300, iss: 'demo', sub: known.subject, sid: known.subject }), ...options },
  )
  const { stile } = made
  const become = (change: Partial<State>) => Object.assign(known, change, { revision: known.revision + 1 })
  const current = () => {
    const read = stile.get()
    return read.status === 'ready' ? read.state.subject : read.status
  }
  const open = async (options: Parameters<typeof mount>[1] = {}) => {
    await stile.refresh()
    return mount(stile, { user: 'ada', ...options })
  }
  return { ...made, become, current, open }
}

test('threat: another user takes over while Ada chooses what to enrol, and enrols under “Signed in as ada”: the wizard ends', async () => {
  const { stile, seen, become, current, open } = sharedPage({}, { relogin: async () => true })
  const enrolled = (await open()).enroll()
  await until(() => buttonOf(texts.totpTitle))
  const choose = buttonOf(texts.totpTitle)
  become({ subject: 'demo|bob' })
  await stile.relogin()
  await until(() => current() === 'demo|bob')
  await expect(enrolled).resolves.toBe(false)
  expect(dialog().open).toBe(false)
  choose?.click()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(seen(REGISTER)).toEqual([])
})

test('threat: Ada clicks before it is known that Bob has taken over: nothing is asked for him', async () => {
  const answer = Promise.withResolvers<void>()
  const { stile, seen, answers, become, open } = sharedPage({}, { relogin: async () => true })
  const enrolled = (await open()).enroll()
  await until(() => buttonOf(texts.totpTitle))
  become({ subject: 'demo|bob' })
  const tell = answers['GET /v1/state'] as NonNullable<(typeof answers)[string]>
  answers['GET /v1/state'] = async (arrived) => {
    await answer.promise
    return tell(arrived)
  }
  await stile.relogin()
  expect(stile.get().status).toBe('loading')
  press(texts.totpTitle)
  answer.resolve()
  await expect(enrolled).resolves.toBe(false)
  expect(seen(REGISTER)).toEqual([])
})

test.each([
  ['another account', { account: 'other' }],
  ['somebody who acts for the subject', { actor: 'demo|grace' }],
])('the wizard ends for %s, too', async (_, change) => {
  const { stile, become, open } = sharedPage()
  const enrolled = (await open()).enroll('totp')
  await until(() => dialog().querySelector('input'))
  become(change)
  await stile.refresh()
  await expect(enrolled).resolves.toBe(false)
  expect(dialog().textContent).not.toContain(TOTP.start.secret)
})

test('threat: recovery codes stay on the screen of the user who has signed out', async () => {
  const { stile, open } = sharedPage()
  const made = (await open()).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => title() === texts.codesTitle)
  await stile.logout()
  await expect(made).resolves.toBe(true)
  expect(dialog().open).toBe(false)
  expect(document.querySelector('stile-dialog')?.hasAttribute('data-codes')).toBe(false)
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(true)
})

test('goes on if the session ends for a moment while the same person signs in again', async () => {
  let asked = 0
  const relogin = async () => {
    const tell = answers['GET /v1/state']
    answers['GET /v1/state'] = () => refuse('session_ended')
    await stile.refresh()
    expect(stile.get().status).toBe('error')
    answers['GET /v1/state'] = tell as NonNullable<typeof tell>
    return true
  }
  const gate = () => (asked++ === 0 ? refuse('insufficient_user_authentication', { requirement: RELOGIN }) : json(TOTP, 201))
  const { stile, answers, open } = sharedPage({ [REGISTER]: gate }, { relogin })
  ;(await open()).enroll('totp')
  await until(() => dialog().querySelector('input'))
  expect(about()).toEqual([say('signedInAs', { user: 'ada' })])
})

test('ends if the session is gone and the sign-in that was asked for is given up', async () => {
  const relogin = async () => {
    answers['GET /v1/state'] = () => refuse('session_ended')
    await stile.refresh()
    return false
  }
  const gate = () => refuse('insufficient_user_authentication', { requirement: RELOGIN })
  const { stile, answers, open } = sharedPage({ [REGISTER]: gate }, { relogin })
  await expect((await open()).enroll('totp')).resolves.toBe(false)
  expect(dialog().open).toBe(false)
})

test('goes on if the same person begins another session', async () => {
  const { stile, become, current, open } = sharedPage()
  ;(await open()).enroll('totp')
  await until(() => dialog().querySelector('input'))
  become({})
  await stile.relogin()
  await stile.refresh()
  expect(current()).toBe('demo|ada')
  expect(dialog().textContent).toContain(TOTP.start.secret)
})

describe('unmounting leaves no promise open', () => {
  const nothing = () => refuse('enrollment_required', { next: { methods: ['totp', 'passkey'] } })

  test('while the new authenticator is named: it is enrolled, and no recovery codes are offered', async () => {
    const { stile, seen } = setup({ ...none, ...enrols })
    const unmount = mount(stile)
    const enrolled = unmount.enroll('totp')
    await until(() => dialog().querySelector('input'))
    typeIn('123456')
    await until(() => title() === texts.enrolled)
    unmount()
    await expect(enrolled).resolves.toBe(true)
    expect(seen(STATUS)).toEqual([])
  })

  test('and what asked for the enrolment is cancelled, so that the next prompt gets its turn', async () => {
    const { stile, answers } = setup({ ...none, ...enrols, 'POST /v1/step-ups': nothing })
    const unmount = mount(stile)
    const flow = stile.stepUp('reports.export')
    await until(() => buttonOf(texts.totpTitle))
    press(texts.totpTitle)
    await until(() => dialog().querySelector('input'))
    typeIn('123456')
    await until(() => title() === texts.enrolled)
    unmount()
    await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
    answers['POST /v1/step-ups'] = () => json(doneStepUp())
    mount(stile)
    await stile.stepUp('reports.share').done
  })

  test('at a refusal', async () => {
    const { stile } = setup({ ...none, [REGISTER]: () => refuse('denied') })
    const unmount = mount(stile)
    const enrolled = unmount.enroll('totp')
    await until(() => buttonOf(texts.close))
    unmount()
    await expect(enrolled).resolves.toBe(false)
  })

  test('at the question whether to leave', async () => {
    const { stile } = setup({ ...none, [REDEEM]: () => json({ methods: ['totp', 'passkey'] }, 201) })
    const unmount = mount(stile)
    const recovered = unmount.recover('a link')
    await until(() => title() === texts.recoverTitle)
    submit()
    await until(() => buttonOf(texts.totpTitle))
    press(texts.cancel)
    await until(() => title() === texts.leaveTitle)
    unmount()
    await expect(recovered).resolves.toBe(false)
  })

  test('and an enrolment that was asked for just before opens no dialog', async () => {
    const { stile, seen } = setup({ ...none, ...enrols })
    const unmount = mount(stile)
    const host = document.querySelector('stile-dialog')
    const enrolled = unmount.enroll('totp')
    unmount()
    await expect(enrolled).resolves.toBe(false)
    expect(host?.shadowRoot?.querySelector('dialog')?.open).toBe(false)
    expect(seen(REGISTER)).toEqual([])
  })
})

test('threat: codes that were put away stay in the page, where a script of another library reads them', async () => {
  const made = mount(setup(none).stile).recoveryCodes()
  await until(() => buttonOf(texts.makeCodes))
  submit()
  await until(() => title() === texts.codesTitle)
  input().click()
  press(texts.saved)
  await made
  expect(dialog().open).toBe(false)
  expect(dialog().textContent).not.toContain(CODES[0])
})
