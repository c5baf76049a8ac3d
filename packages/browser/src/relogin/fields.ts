/** A field that someone types or chooses in. */
export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** The types of fields that are secret, that no script can restore, or that nobody types in. */
const SKIPPED_TYPES: ReadonlySet<string> = new Set(['password', 'file', 'hidden', 'submit', 'reset', 'button', 'image'])
const SECRET_AUTOCOMPLETE: ReadonlySet<string> = new Set(['one-time-code', 'current-password', 'new-password'])
/** The autocomplete tokens of payment cards, such as `cc-number`. */
const CARD_PREFIX = 'cc-'
/** A password that is shown has the type `text`, but its name or label still tells. */
const SECRET_NAME = /passw|passcode|passphrase|pwd|secret|cvc|cvv|otp|card-?_?num/i

/** The fields of the page that are kept. The key of each, by which it is found again, is its name, id or label and how many had it before. */
export function keptFields(root: ParentNode = document): ReadonlyMap<string, Field> {
  const found = new Map<string, Field>()
  const count = new Map<string, number>()
  for (const field of root.querySelectorAll<Field>('input,textarea,select')) {
    if (isPrivate(field)) continue
    const { name, id, type, form } = field
    const label = name || id || field.getAttribute('aria-label') || field.getAttribute('placeholder') || ''
    const choice = isCheckable(field) ? field.value : ''
    const base = JSON.stringify([form?.getAttribute('name') || form?.id || '', type, label, choice])
    const nth = count.get(base) ?? 0
    count.set(base, nth + 1)
    found.set(`${base}${nth}`, field)
  }
  return found
}

/** Whether the field is checked instead of typed in. */
export function isCheckable(field: Field): field is HTMLInputElement & { type: 'checkbox' | 'radio' } {
  return field.type === 'checkbox' || field.type === 'radio'
}

function isPrivate(field: Field): boolean {
  const isReadOnly = 'readOnly' in field && field.readOnly
  return (
    SKIPPED_TYPES.has(field.type) ||
    hasSecretAutocomplete(field) ||
    hasSecretName(field) ||
    field.disabled ||
    isReadOnly ||
    !!field.closest('stile-dialog,[data-stile-private]')
  )
}

function hasSecretAutocomplete(field: Field): boolean {
  const autocomplete = field.autocomplete || field.getAttribute('autocomplete') || ''
  const tokens = autocomplete.toLowerCase().split(/\s+/)
  return tokens.some((token) => SECRET_AUTOCOMPLETE.has(token) || token.startsWith(CARD_PREFIX))
}

function hasSecretName(field: Field): boolean {
  const { name, id } = field
  return SECRET_NAME.test(`${name} ${id} ${field.getAttribute('aria-label') ?? ''} ${field.getAttribute('placeholder') ?? ''}`)
}
