import { element } from './element.ts'

/** What a code field needs. */
export type CodeFieldOptions = Readonly<{
  label: string
  /** The id of the element that tells what went wrong. */
  describedBy: string
  /** Called once six digits are there. */
  onFull: (code: string) => void
}>

/** The field for a six-digit code. */
export type CodeField = Readonly<{
  /** The label with the input in it. */
  field: HTMLElement
  input: HTMLInputElement
  /** Shows whether the code is being checked and whether it was wrong. The focus stays, and a wrong code is selected. */
  mark: (state: Readonly<{ busy: boolean; wrong: boolean }>) => void
}>

/** Makes a field for a six-digit code. It drops the spaces of a pasted code and submits itself when it is full. */
export function createCodeField({ label, describedBy, onFull }: CodeFieldOptions): CodeField {
  const input = element('input', {
    part: 'input',
    dir: 'ltr',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    'aria-describedby': describedBy,
  })
  input.oninput = () => {
    input.value = input.value.replace(/\D/g, '').slice(0, 6)
    if (input.value.length === 6) onFull(input.value)
  }
  return {
    field: element('label', { part: 'label' }, label, input),
    input,
    mark: ({ busy, wrong }) => {
      input.readOnly = busy
      input.ariaInvalid = wrong ? 'true' : null
      if (wrong && !busy) input.select()
    },
  }
}
