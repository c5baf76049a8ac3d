import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseProblem } from './parse-problem.ts'
import { ATTEMPT_FAILURES, PROBLEM_CODES, PROBLEMS, type Problem, type ProblemCode, problem } from './problem.ts'

const full: Problem = problem('insufficient_user_authentication', 'Prove it again.', {
  instance: '/v1/payouts',
  feature: 'payouts.approve',
  requirement: { level: 'phr', maxAgeSeconds: 120, bind: ['amount'] },
  operation: { amount: '12.00', urgent: true, count: 2 },
  reasons: [{ code: 'step_up_required', source: '/features/payouts.approve', message: 'A passkey is needed.' }],
  next: { methods: ['passkey'], tiers: ['pro'] },
  failure: 'wrong_code',
  attemptsLeft: 4,
  retryAfter: 30,
  errors: [{ pointer: '/amount', detail: 'is missing' }],
})

test('reads back every member of a problem', () => {
  expect(parseProblem(JSON.parse(JSON.stringify(full)))).toEqual(full)
})

test.each(PROBLEM_CODES)('builds and reads %s with the status and title of the table', (code) => {
  const { status, title } = PROBLEMS[code]
  expect(parseProblem(problem(code, 'Why.'))).toEqual({ type: `urn:stile:problem:${code}`, title, status, code, detail: 'Why.' })
})

test('every code has its status in the table, and no status is a success', () => {
  expect(Object.keys(PROBLEMS).sort()).toEqual([...PROBLEM_CODES].sort())
  for (const { status } of Object.values(PROBLEMS)) expect(status >= 400 && status <= 599).toBe(true)
})

test.each([
  ['null', null],
  ['a string', 'x'],
  ['an array', [full]],
  ['an empty object', {}],
  ['a problem of another type', { ...full, type: 'about:blank' }],
  ['an empty code', { ...full, type: 'urn:stile:problem:' }],
  ['a code that is a member of Object', { ...full, type: 'urn:stile:problem:constructor' }],
  ['a type that is no string', { ...full, type: ['urn:stile:problem:denied'] }],
  ['a status that is no number', { ...full, status: '401' }],
  ['a missing title', { ...full, title: undefined }],
])('%s is no problem of Stile', (_, value) => {
  expect(parseProblem(value)).toBeUndefined()
})

test('threat: the code says something else than the type', () => {
  expect(parseProblem({ ...problem('denied', ''), code: 'insufficient_user_authentication' })?.code).toBe('denied')
})

test('threat: half of a requirement or of an operation is taken for the whole', () => {
  for (const requirement of [null, {}, { level: 'root' }, { level: 'phr', maxAgeSeconds: '5' }, { level: 'phr', methods: ['magic'] }]) {
    expect(parseProblem({ ...full, requirement })).toBeUndefined()
  }
  for (const operation of [null, [], 'x', { amount: null }, { amount: ['1'] }, { amount: 0.1 }, JSON.parse('{"__proto__":"x"}')]) {
    expect(parseProblem({ ...full, operation })).toBeUndefined()
  }
})

test('leaves out what only explains if it is malformed, and what it does not know', () => {
  const hostile = {
    ...problem('attempt_failed', 'No.'),
    detail: 1,
    instance: {},
    feature: 7,
    reasons: [null, { code: 'risk_denied' }, full.reasons?.[0]],
    next: { methods: 'passkey', tiers: [1] },
    failure: 'toString',
    attemptsLeft: -1,
    retryAfter: '5',
    errors: [{ pointer: 1, detail: 'x' }],
    extra: 1,
  }
  expect(parseProblem(hostile)).toEqual({ ...problem('attempt_failed', ''), reasons: full.reasons, next: {}, errors: [] })
})

test('property: no JSON value makes it throw, in whatever member it stands', () => {
  const value = fc.jsonValue()
  const members = fc.record(Object.fromEntries(Object.keys(full).map((name) => [name, value])), { requiredKeys: [] })
  fc.assert(
    fc.property(value, (each) => {
      expect(parseProblem(each)).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(fc.constantFrom<ProblemCode>(...PROBLEM_CODES), members, (code, each) => {
      const read = parseProblem({ ...each, ...problem(code, 'x') })
      if (read?.failure) expect(ATTEMPT_FAILURES).toContain(read.failure)
    }),
  )
})
