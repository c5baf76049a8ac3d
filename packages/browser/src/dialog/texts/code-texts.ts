/** The sentences of a field for a code. */
export const CODE_TEXTS = {
  code: '6-digit code from your authenticator app',
  incomplete: 'Enter all 6 digits.',
  verify: 'Confirm',
} as const
