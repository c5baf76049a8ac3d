import { button, type Say } from '../parts.ts'

/** What is copied. */
export type CopyButtonOptions = Readonly<{
  text: string
  /** Called once it is in the clipboard. */
  onCopied?: () => void
}>

/** Makes a button that copies a text. */
export function createCopyButton(say: Say, { text, onCopied }: CopyButtonOptions): HTMLButtonElement {
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        made.replaceChildren(say('copied'))
        onCopied?.()
      },
      // if the clipboard is refused, the text can still be selected
      () => {},
    )
  }
  const made = button({ label: say('copy'), onClick: copy })
  return made
}
