import { type OptionsIssue, optionsIssue } from '@stile/server'

type Variable = Readonly<{
  name: string
  /** Where in the configuration it goes. */
  path: readonly string[]
  kind: 'text' | 'number' | 'json' | 'list'
  what: string
}>

/** Every environment variable that is read. They win over the configuration file. */
export const VARIABLES: readonly Variable[] = [
  { name: 'STILE_PUBLIC_URL', path: ['publicUrl'], kind: 'text', what: 'the URL under which browsers and guards reach the service' },
  { name: 'STILE_ENVIRONMENT', path: ['environment'], kind: 'text', what: 'live or test' },
  { name: 'STILE_SECRET', path: ['secret'], kind: 'text', what: '32 bytes in base64, as `stile secret` makes them' },
  {
    name: 'STILE_SECRET_PREVIOUS',
    path: ['previousSecrets'],
    kind: 'list',
    what: 'former secrets, with commas, until `stile secret rotate` was run',
  },
  { name: 'STILE_DATABASE', path: ['database'], kind: 'text', what: 'the database file' },
  { name: 'STILE_POLICY', path: ['policy'], kind: 'text', what: 'the file with the policy: .json, .ts or .mjs' },
  { name: 'STILE_HOST', path: ['host'], kind: 'text', what: 'the address to listen on' },
  { name: 'STILE_PORT', path: ['port'], kind: 'number', what: 'the port to listen on' },
  { name: 'STILE_ADMIN_HOST', path: ['admin', 'host'], kind: 'text', what: 'the address of the admin API' },
  { name: 'STILE_ADMIN_PORT', path: ['admin', 'port'], kind: 'number', what: 'the port of the admin API' },
  { name: 'STILE_LOG', path: ['log'], kind: 'text', what: 'silent, fatal, error, warn, info, debug or trace' },
  {
    name: 'STILE_MAIL_URL',
    path: ['mail', 'url'],
    kind: 'text',
    what: 'the mail server: smtp://user:password@host:587 or smtps://user:password@host',
  },
  { name: 'STILE_MAIL_FROM', path: ['mail', 'from'], kind: 'text', what: 'who mails are from: "Example <no-reply@example.com>"' },
  { name: 'STILE_RP_ID', path: ['webauthn', 'rpId'], kind: 'text', what: 'the domain that passkeys belong to' },
  { name: 'STILE_RP_NAME', path: ['webauthn', 'rpName'], kind: 'text', what: 'the name that people see with it' },
  { name: 'STILE_ORIGINS', path: ['webauthn', 'origins'], kind: 'list', what: 'the origins of pages that use passkeys, with commas' },
  { name: 'STILE_ISSUERS', path: ['issuers'], kind: 'json', what: 'the issuers as JSON' },
  { name: 'STILE_CLIENTS', path: ['clients'], kind: 'json', what: 'the clients as JSON' },
  { name: 'STILE_AUDIENCES', path: ['audiences'], kind: 'json', what: 'the audiences as JSON' },
]

/** Read by the command line itself. */
const OTHERS = ['STILE_CONFIG']

/** Lays the environment over the values of a configuration file; a variable that is empty counts as absent. */
export function overlay(
  values: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<{ values: Record<string, unknown>; issues: readonly OptionsIssue[] }> {
  const result: Record<string, unknown> = { ...values }
  const issues: OptionsIssue[] = []
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('STILE_') || text === undefined || text === '' || OTHERS.includes(name)) continue
    const variable = VARIABLES.find((each) => each.name === name)
    const read = variable === undefined ? { issue: unknownVariable(name) } : readValue(variable, text)
    if ('issue' in read) issues.push(read.issue)
    else if (variable !== undefined) put(result, variable.path, read.value)
  }
  return { values: result, issues }
}

function readValue({ name, kind }: Variable, text: string): { value: unknown } | { issue: OptionsIssue } {
  if (kind === 'text') return { value: text }
  if (kind === 'list') return { value: text.split(',').map((each) => each.trim()) }
  if (kind === 'number')
    return /^\d{1,9}$/.test(text) ? { value: Number(text) } : { issue: variableIssue(name, 'is not a whole number', 'Write digits only.') }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { issue: variableIssue(name, 'is not valid JSON', 'Correct it, or put it into the configuration file.') }
  }
}

function unknownVariable(name: string): OptionsIssue {
  return variableIssue(name, 'is not a variable of the service', 'See --help for those that are; remove it, or correct its spelling.')
}

function variableIssue(name: string, what: string, fix: string): OptionsIssue {
  return optionsIssue(name, what, { why: 'A misread variable would be silently without effect.', fix })
}

function put(values: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    values[first] = value
    return
  }
  const inner = values[first]
  const copy: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {}
  put(copy, rest, value)
  values[first] = copy
}
