import { afterEach, expect, test, vi } from 'vitest'
import type { Stile, StileOptions } from '../stile.ts'
import {
  type Answer,
  API,
  type Arrived,
  json,
  jwt,
  MFA,
  NOW,
  refuse,
  setup as setupWire,
  state,
  token,
  until,
} from '../wire.test-support.ts'

const open: Stile[] = []
afterEach(() => {
  for (const stile of open.splice(0)) stile.close()
})

const subjectOf = ({ headers }: Arrived) => JSON.parse(atob(headers.get('authorization')?.split('.')[1] ?? '')).sub
const own = (arrived: Arrived) => state({ subject: `demo|${subjectOf(arrived)}`, token: token(`token-of-${subjectOf(arrived)}`) })

/** A client in a page where `who` is signed in; the service answers each user with what is theirs. */
function setup(answers: Record<string, Answer> = {}, options: Partial<StileOptions> = {}) {
  const who = { sub: 'alice', sid: 's1', iss: 'demo' }
  const why: string[] = []
  const made = setupWire(
    {
      'GET /v1/state': (arrived) => json(own(arrived)),
      'GET /v1/events': () => new Promise(() => {}),
      'POST /v1/tokens': (arrived) => json(token(`token-of-${subjectOf(arrived)}`)),
      [`GET ${API}/x`]: () => json({}),
      ...answers,
    },
    {
      session: async (asked) => {
        why.push(asked.why)
        if (!who.sub) throw new Error('not signed in')
        return jwt({ iat: NOW, exp: NOW + 300, ...who })
      },
      ...options,
    },
  )
  open.push(made.stile)
  return { ...made, why, who }
}
const subject = (stile: Stile) => {
  const now = stile.get()
  return now.status === 'ready' ? now.state.subject : now.status
}
const begin = async (stile: Stile) => {
  stile.subscribe(() => {})
  await until(() => stile.get().status === 'ready')
}

test('threat: the next user signs in on the page after a logout that failed; they are not taken for the former', async () => {
  const { stile, who, why, seen } = setup()
  await begin(stile)
  // no answer to DELETE is the network failing
  await expect(stile.logout()).rejects.toMatchObject({ code: 'service_unavailable' })
  expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
  who.sub = 'bob'
  await stile.fetch(`${API}/x`)
  await stile.refresh()
  expect(subject(stile)).toBe('demo|bob')
  await stile.fetch(`${API}/x`)
  expect(seen(`GET ${API}/x`).map(({ headers }) => headers.get('authorization'))).toEqual([null, 'DPoP token-of-bob'])
  expect(why).toEqual(['start', 'start'])
})

test('what was asked for before a logout is not shown after it, whether it comes or fails', async () => {
  for (const answer of [() => json(state()), () => refuse('denied')]) {
    const { stile, answers, seen } = setup({ 'DELETE /v1/session': () => new Response(null, { status: 204 }) })
    await begin(stile)
    let late: (response: Response) => void = () => {}
    answers['GET /v1/state'] = () => new Promise((resolve) => (late = resolve))
    const refreshed = stile.refresh()
    await until(() => seen('GET /v1/state').length === 2)
    await stile.logout()
    late(answer())
    await refreshed
    expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
  }
})

test('a session token that the application was still fetching at logout is not kept', async () => {
  let give: (token: string) => void = () => {}
  const why: string[] = []
  const session = (asked: { why: string }) => {
    why.push(asked.why)
    return new Promise<string>((resolve) => {
      give = resolve
    })
  }
  const { stile } = setup({}, { session })
  const asked = stile.request('POST', '/v1/tokens', {})
  await until(() => why.length === 1)
  const out = stile.logout().catch(() => {})
  give(jwt({ iat: NOW, exp: NOW + 300, sub: 'alice' }))
  await Promise.all([asked, out])
  stile.request('POST', '/v1/tokens', {}).catch(() => {})
  await until(() => why.length === 2)
  expect(why).toEqual(['start', 'start'])
})

test('a prompt for the former user ends with the logout', async () => {
  const { stile } = setup()
  await begin(stile)
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => flow.get().status === 'proving')
  await stile.logout().catch(() => {})
  expect(flow.get().status).toBe('cancelled')
  await expect(flow.done).rejects.toMatchObject({ code: 'step_up_cancelled' })
})

test('after closing no token of the user is held', async () => {
  const { stile, who, seen } = setup()
  await begin(stile)
  stile.close()
  who.sub = 'bob'
  expect((await stile.token()).token).toBe('token-of-bob')
  expect(seen('POST /v1/tokens')).toHaveLength(1)
})

test('a renewed session token of another user, session or issuer drops what is known and loads again', async () => {
  const others = [{ sub: 'bob' }, { sid: 's2' }, { iss: 'other' }]
  for (const other of others) {
    let now = NOW
    const { stile, who, seen } = setup({}, { now: () => now })
    await begin(stile)
    const flow = stile.stepUp('reports.export', { headless: true })
    await until(() => flow.get().status === 'proving')
    const shown: string[] = []
    stile.subscribe(() => shown.push(subject(stile)))
    now = NOW + 290
    Object.assign(who, other)
    await stile.request('GET', '/v1/authenticators').catch(() => {})
    await until(() => subject(stile) === `demo|${who.sub}`)
    expect(shown[0]).toBe('loading')
    expect(shown.at(-1)).toBe(`demo|${who.sub}`)
    expect(flow.get().status).toBe('cancelled')
    expect(seen('GET /v1/state')).toHaveLength(2)
  }
})

test('the same user may sign in again with a new session without losing the prompt', async () => {
  const answers: Promise<boolean>[] = []
  let asked = 0
  const methods = { methods: [{ method: 'relogin' as const }], requirement: { ...MFA } }
  const { stile, who } = setup(
    {
      'POST /v1/step-ups': () =>
        json({ ...methods, id: 'su_1', feature: 'reports.export', status: 'open', expiresAt: NOW + 300, attemptsLeft: 5 }),
    },
    {
      relogin: () => {
        asked += 1
        return answers.shift() ?? new Promise(() => {})
      },
    },
  )
  await begin(stile)
  const flow = stile.stepUp('reports.export', { headless: true })
  await until(() => asked === 1)
  expect(flow.get().status).toBe('proving')
  answers.push(Promise.resolve(true), Promise.resolve(true))
  who.sid = 's2'
  expect(await stile.relogin()).toBe(true)
  expect(flow.get().status).not.toBe('cancelled')
  who.sub = 'bob'
  await stile.relogin()
  expect(flow.get().status).toBe('cancelled')
})

test('a session that was ended elsewhere leaves no permit here, even where nobody told', async () => {
  for (const later of [0, 4000]) {
    let now = NOW
    const { stile, who, why, answers } = setup({}, { now: () => now })
    await begin(stile)
    Object.assign(answers, { 'GET /v1/state': () => refuse('invalid_token') })
    who.sub = ''
    now += later
    await stile.refresh()
    expect(stile.get()).toMatchObject({ status: 'error', code: 'session_ended' })
    expect(why.slice(0, 2)).toEqual(['start', 'expired'])
  }
})

test('an application that cannot be reached when the token is nearly over is a passing matter', async () => {
  for (const later of [290, 4000]) {
    let now = NOW
    const { stile, who, answers } = setup({}, { now: () => now })
    await begin(stile)
    who.sub = ''
    now += later
    delete answers['GET /v1/state']
    await stile.refresh()
    expect(stile.get()).toMatchObject({ status: 'ready', stale: true })
  }
})

test('a message that no other tab could send for this user is not shown', async () => {
  const channels: { name: string; onmessage?: (event: { data: unknown }) => void }[] = []
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      name: string
      constructor(name: string) {
        this.name = name
        channels.push(this)
      }
      postMessage() {}
      close() {}
    },
  )
  const { stile } = setup()
  await begin(stile)
  const channel = () => channels.find(({ name }) => name.includes('alice'))
  await until(channel)
  channel()?.onmessage?.({ data: state({ subject: 'demo|bob', revision: 7 }) })
  channel()?.onmessage?.({ data: state({ subject: 'demo|alice', account: 'other', revision: 7 }) })
  expect(stile.get()).toMatchObject({ state: { subject: 'demo|alice', account: 'acme', revision: 1 } })
  channel()?.onmessage?.({ data: state({ subject: 'demo|alice', revision: 7 }) })
  expect(stile.get()).toMatchObject({ state: { revision: 7 } })
  vi.unstubAllGlobals()
})

test('a stream that speaks of another subject makes the state be read again', async () => {
  let send = (_state: unknown) => {}
  const { stile, seen } = setup({
    'GET /v1/events': () => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          send = (data) => controller.enqueue(new TextEncoder().encode(`event: state\ndata: ${JSON.stringify(data)}\n\n`))
        },
      })
      return new Response(body)
    },
  })
  await begin(stile)
  await until(() => seen('GET /v1/events').length)
  send(state({ subject: 'demo|bob', revision: 7 }))
  await until(() => seen('GET /v1/state').length === 2)
  expect(subject(stile)).toBe('demo|alice')
})
