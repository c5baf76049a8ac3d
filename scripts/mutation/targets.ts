/** One part whose refusals must each be held by a test. */
export type Target = Readonly<{
  name: string
  /** Globs of the files that are mutated. Together they must find at least one. */
  files: readonly string[]
  /** Globs of the test files that must notice. */
  tests: readonly string[]
}>

const GUARD_TESTS = ['packages/guard/src/**/*.test.ts']

/** Found by glob, so that a moved file stays a target. */
export const TARGETS: readonly Target[] = [
  { name: 'guard authorize', files: ['packages/guard/src/**/authorize.ts'], tests: GUARD_TESTS },
  { name: 'guard token', files: ['packages/guard/src/**/token.ts'], tests: GUARD_TESTS },
  {
    name: 'device proof',
    files: ['packages/guard/src/**/dpop.ts', 'packages/protocol/src/node/**/*.ts'],
    tests: [...GUARD_TESTS, 'packages/protocol/src/node/**/*.test.ts'],
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
    tests: [
      'packages/policy/src/{requirement,lookups,explain,tiers,duration}.test.ts',
      'packages/policy/src/decide{,-ways,-threats,-grants}.test.ts',
    ],
  },
  {
    name: 'enrolment gate',
    files: ['packages/server/src/**/authenticators/gate.ts'],
    tests: ['packages/server/src/**/authenticators/*.test.ts'],
  },
  { name: 'attempt', files: ['packages/server/src/**/step-ups/attempt.ts'], tests: ['packages/server/src/**/step-ups/*.test.ts'] },
]
