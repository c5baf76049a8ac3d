import { element } from './element.ts'
import type { ReadCode } from './read-code.ts'

/** What a code field needs. */
export type CodeFieldOptions = Readonly<{
  label: string
  /** The id of the element that tells what went wrong. */
  describedBy: string
  /** Called with six digits: once they are there, and when they are submitted. */
  onCode: (code: string) => void
  /** Called instead if what was submitted cannot be a code, and once that is corrected. The view shows `isIncomplete` then. */
  onIncomplete: () => void
}>

/** The field for a six-digit code. */
export type CodeField = Readonly<{
  /** The label with the input in it. */
  field: HTMLElement
  input: HTMLInputElement
  /** Sends the code if it is one and has not just been refused. Otherwise nothing is sent, and the focus goes to the field. */
  submit: () => Promise<void>
  /** Whether what was submitted cannot be a code. */
  isIncomplete: () => boolean
  /** Shows whether the code is being checked and whether it was wrong; not so if it could not be checked. The focus stays, and a wrong code is selected. */
  mark: (state: Readonly<{ busy: boolean; wrong: boolean }>) => void
}>

/** Makes a field for a six-digit code. It takes the code out of a pasted text, and submits itself when it is full. */
export function createCodeField({ label, describedBy, onCode, onIncomplete }: CodeFieldOptions): CodeField {
  let isIncomplete = false
  let sent: string | undefined
  /** The code that has just been refused. */
  let refused: string | undefined
  const send = (code: string) => {
    sent = code
    onCode(code)
  }
  const input = element('input', {
    part: 'input',
    dir: 'ltr',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    'aria-describedby': describedBy,
  })
  const setIncomplete = (next: boolean) => {
    if (isIncomplete === next) return
    isIncomplete = next
    onIncomplete()
  }
  input.oninput = async () => {
    const typed = input.value
    const { code, isSure } = await read(typed)
    if (input.value !== typed) return
    refused = undefined
    if (typed !== code) input.value = code
    setIncomplete(false)
    if (isSure) send(code)
  }
  return {
    field: element('label', { part: 'label' }, label, input),
    input,
    submit: async () => {
      const { code } = await read(input.value)
      // Enter after a code that sent itself would spend another guess on it
      if (code.length === 6 && code !== refused) return send(code)
      setIncomplete(code !== refused)
      input.focus()
    },
    isIncomplete: () => isIncomplete,
    mark: ({ busy, wrong }) => {
      const isAnswered = input.readOnly && !busy
      input.readOnly = busy
      input.ariaInvalid = wrong || isIncomplete ? 'true' : null
      // only once: what is typed later stays as it is
      if (isAnswered) refused = wrong ? sent : undefined
      if (wrong && isAnswered) input.select()
    },
  }
}

async function read(typed: string): Promise<ReadCode> {
  const digits = typed.replace(/\D/g, '')
  if (digits !== typed) {
    try {
      return (await import('./read-code.ts')).readCode(typed)
    } catch {
      // without the file plain digits can be read
    }
  }
  return { code: digits, isSure: digits.length === 6 }
}
