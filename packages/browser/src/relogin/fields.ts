/** A field that someone types or chooses in. */
export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** What is never kept: what is secret, what no script can restore, and what nobody typed. */
const KEPT_NOT = /^(password|file|hidden|submit|reset|button|image)$/
const SECRET_AUTOCOMPLETE = /(^|\s)(cc-[\w-]+|one-time-code|current-password|new-password)(\s|$)/i
/** A password that is shown is a text: its name or label still tells. */
const SECRET_NAME = /passw|passcode|passphrase|pwd|secret|cvc|cvv|otp|card-?_?num/i

/** The fields of the page that are kept, each with a key by which it is found again: its name, id or label, and which of those it is. */
export function keptFields(root: ParentNode = document): ReadonlyMap<string, Field> {
  const found = new Map<string, Field>()
  const count = new Map<string, number>()
  for (const field of root.querySelectorAll<Field>('input,textarea,select')) {
    if (isPrivate(field)) continue
    const { name, id, type, form } = field
    const label = name || id || field.getAttribute('aria-label') || field.getAttribute('placeholder') || ''
    const choice = /^(checkbox|radio)$/.test(type) ? field.value : ''
    const base = JSON.stringify([form?.getAttribute('name') || form?.id || '', type, label, choice])
    const nth = count.get(base) ?? 0
    count.set(base, nth + 1)
    found.set(`${base}${nth}`, field)
  }
  return found
}

function isPrivate(field: Field): boolean {
  const { type, name, id, autocomplete } = field
  if (KEPT_NOT.test(type) || SECRET_AUTOCOMPLETE.test(autocomplete || (field.getAttribute('autocomplete') ?? ''))) return true
  return (
    SECRET_NAME.test(`${name} ${id} ${field.getAttribute('aria-label') ?? ''} ${field.getAttribute('placeholder') ?? ''}`) ||
    field.disabled ||
    ('readOnly' in field && field.readOnly) ||
    !!field.closest('stile-dialog,[data-stile-private]')
  )
}
