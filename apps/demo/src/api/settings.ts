/** What a company keeps in its settings. */
export type Settings = Readonly<{ contact: string; payoutAccount: string }>

const MAX_CONTACT = 120
const settings = new Map<string, Settings>()

/** The settings of an account. */
export function settingsOf(account: string): Settings {
  return settings.get(account) ?? { contact: 'Accounting, accounting@quarterly.example', payoutAccount: 'DE02 1203 0000 0000 2020 51' }
}

/** Changes the billing contact; `undefined` if it is none. */
export function changeContact(account: string, contact: unknown): Settings | undefined {
  if (typeof contact !== 'string' || contact.trim() === '' || contact.length > MAX_CONTACT) return undefined
  return change(account, { contact: contact.trim() })
}

/** Changes the account that payouts go to; `undefined` if it is no IBAN by its form. */
export function changePayoutAccount(account: string, iban: unknown): Settings | undefined {
  if (typeof iban !== 'string') return undefined
  const compact = iban.replaceAll(/\s/g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return undefined
  return change(account, { payoutAccount: compact.replace(/(.{4})(?=.)/g, '$1 ') })
}

function change(account: string, change: Partial<Settings>): Settings {
  const next = { ...settingsOf(account), ...change }
  settings.set(account, next)
  return next
}
