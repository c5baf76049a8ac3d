export type { DialogOptions, MountedDialog } from './dialog.ts'
export { mountDialog } from './dialog.ts'
export type { Texts } from './texts/texts.ts'
