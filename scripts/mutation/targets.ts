/** One part whose refusals must each be held by a test. */
export type Target = Readonly<{
  name: string
  /** Globs of the files that are mutated. Together they must find at least one. */
  files: readonly string[]
  /** Globs of the test files that must notice, the quickest first: they run in this order, until one fails. */
  tests: readonly string[]
}>

const AUTHORIZE_TESTS = [
  'packages/guard/src/authorize-{proof,session,token}.test.ts',
  'packages/guard/src/{authorize,guard,set-up-faults}.test.ts',
]
const TOKEN_TESTS = ['packages/guard/src/token/*.test.ts']
const DEVICE_PROOF_TESTS = [
  'packages/protocol/src/node/{jwt,key-memory}.test.ts',
  'packages/protocol/src/node/*.test.ts',
  'packages/guard/src/device-proof/{request-proof,nonces}.test.ts',
  'packages/guard/src/guard-nonces.test.ts',
  'packages/server/src/sessions/dpop*.test.ts',
]

/** Found by glob, so that a moved file stays a target. */
export const TARGETS: readonly Target[] = [
  { name: 'guard authorize', files: ['packages/guard/src/**/authorize.ts'], tests: AUTHORIZE_TESTS },
  { name: 'guard token', files: ['packages/guard/src/**/token.ts'], tests: [...TOKEN_TESTS, ...AUTHORIZE_TESTS] },
  {
    name: 'device proof',
    files: ['packages/guard/src/**/request-proof.ts', 'packages/protocol/src/node/**/*.ts'],
    tests: DEVICE_PROOF_TESTS,
  },
  {
    name: 'policy decide',
    files: [
      'packages/policy/src/decide.ts',
      'packages/policy/src/requirement.ts',
      'packages/policy/src/effect.ts',
      'packages/policy/src/compile/*.ts',
    ],
    // the properties find much by chance and take a minute a run; these files find the same every time
    tests: ['decide', 'requirement', 'decide-{grants,rules,memory,threats,ways}', 'lookups', 'explain', 'tiers', 'duration'].map(
      (name) => `packages/policy/src/${name}.test.ts`,
    ),
  },
  {
    name: 'enrolment gate',
    files: ['packages/server/src/**/authenticators/gate.ts'],
    tests: ['packages/server/src/**/authenticators/gate-rules.test.ts', 'packages/server/src/**/authenticators/{gate,first}.test.ts'],
  },
  {
    name: 'attempt',
    files: ['packages/server/src/**/step-ups/attempt.ts'],
    tests: [
      'packages/server/src/**/step-ups/{attempt,guesses,replay,theft,store-faults}.test.ts',
      'packages/server/src/**/authenticators/operation.test.ts',
    ],
  },
]
