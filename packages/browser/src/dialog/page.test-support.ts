import { afterEach, beforeEach, vi } from 'vitest'
import type { Stile } from '../stile.ts'
import { mountDialog } from './dialog.ts'
import { createSay, PROMPT_TEXTS, type Say } from './parts.ts'
import { CODE_TEXTS } from './texts/code-texts.ts'
import { ENROLLMENT_TEXTS } from './texts/enrollment-texts.ts'
import { ERROR_TEXTS } from './texts/error-texts.ts'
import { PASSWORD_TEXTS } from './texts/password-texts.ts'
import { RECOVERY_TEXTS } from './texts/recovery-texts.ts'
import { STEP_UP_TEXTS } from './texts/step-up-texts.ts'

/** Every sentence of the dialog. Tests name a sentence by its key, so that they hold when it is reworded. */
export const texts = {
  ...PROMPT_TEXTS,
  ...CODE_TEXTS,
  ...STEP_UP_TEXTS,
  ...ERROR_TEXTS,
  ...ENROLLMENT_TEXTS,
  ...PASSWORD_TEXTS,
  ...RECOVERY_TEXTS,
} as const

/** The sentence of a key, with its values filled in. */
export const say: Say = createSay(texts)

const open: (() => void)[] = []

/** Closes what each test of a file opened, and adds what jsdom lacks of `<dialog>`: the modal half. */
export function useDialogs(): void {
  beforeEach(() => {
    HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
      this.open = true
    }
    HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
      this.open = false
      this.dispatchEvent(new Event('close'))
    }
  })
  afterEach(() => {
    for (const unmount of open.splice(0)) unmount()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })
}

/** Mounts the dialog over a client. Both are closed after the test. */
export function mount(stile: Stile, options: Parameters<typeof mountDialog>[1] = {}): ReturnType<typeof mountDialog> {
  const mounted = mountDialog(stile, { labels: { 'reports.export': 'Export reports' }, ...options })
  open.push(mounted, stile.close)
  return mounted
}

/** The shadow root of a dialog; of the first one on the page, if none is named. */
export const rootOf = (host: Element | null = document.querySelector('stile-dialog')): ShadowRoot => host?.shadowRoot as ShadowRoot
export const dialog = (): HTMLDialogElement => rootOf().querySelector('dialog') as HTMLDialogElement
export const focused = (): Element | null => rootOf().activeElement
export const alert = (): string | null | undefined => dialog().querySelector('[role=alert]')?.textContent
export const input = (): HTMLInputElement => dialog().querySelector('input') as HTMLInputElement
export const buttons = (): (string | null)[] => [...dialog().querySelectorAll('button')].map((each) => each.textContent)
export const buttonOf = (name: string): HTMLButtonElement | undefined =>
  [...dialog().querySelectorAll('button')].find((each) => each.textContent === name)
export const press = (name: string): void => buttonOf(name)?.click()
export const labelled = (by: string): string | null | undefined => rootOf().getElementById(dialog().getAttribute(by) ?? '')?.textContent
/** What the view says. */
export const text = (): string | null | undefined => dialog().querySelector('#text')?.textContent
/** What the view is for, line by line. */
export const about = (): string[] => (dialog().querySelector('#about')?.textContent ?? '').split('\n')
export function type(text: string): void {
  input().value = text
  input().dispatchEvent(new Event('input'))
}
