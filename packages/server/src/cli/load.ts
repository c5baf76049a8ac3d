/** What commands need only once they run: none of it is loaded for the help, nor for a command that does without. */
export const load = {
  keyring: () => import('../tokens/keyring.ts'),
  mail: () => import('../mail/mail.ts'),
  optionSections: () => import('../options/schema.ts'),
  policy: () => import('@stile/policy'),
  protocol: () => import('@stile/protocol'),
  recovery: () => import('../recovery/index.ts'),
  reseal: () => import('./reseal.ts'),
  sqliteStore: () => import('../stores/sqlite/store.ts'),
  subjectSummary: () => import('./subject-summary.ts'),
}
