/** The sentences of the view that asks for the password. They are loaded with it. */
export const PASSWORD_TEXTS = {
  passwordTitle: 'Enter your password to continue',
  password: 'Password',
  showPassword: 'Show',
  hidePassword: 'Hide',
  passwordMissing: 'Enter your password.',
  wrongPassword: 'That password isn’t right.',
} as const
