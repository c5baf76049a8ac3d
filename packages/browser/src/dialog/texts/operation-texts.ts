/** The sentences of what is confirmed. They are loaded with a step-up for an operation. `operation_<name>` names one of its parameters. */
export const OPERATION_TEXTS = {
  change: 'Changing how you confirm it’s you',
  add_passkey: 'Add a passkey',
  'add_security-key': 'Add a security key',
  add_totp: 'Add an authenticator app',
  remove: 'Remove {name}',
  rename: 'Rename {name} to {to}',
  codes_unnamed: 'Make new recovery codes',
  forget: 'Sign out and forget {name}',
  forget_unnamed: 'Sign out and forget a device',
} as const
