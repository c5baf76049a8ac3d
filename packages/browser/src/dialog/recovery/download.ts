import { element } from '../parts.ts'

/** A text that is kept as a file. */
export type TextFile = Readonly<{ name: string; text: string }>

/** Has the browser keep a text as a file. */
export function download({ name, text }: TextFile): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  element('a', { href: url, download: name }).click()
  URL.revokeObjectURL(url)
}
