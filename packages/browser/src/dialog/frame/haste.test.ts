import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ignoreHaste } from './haste.ts'

let scope: ShadowRoot
let actions: HTMLElement
const clicked = vi.fn<(label: string) => void>()

beforeEach(() => {
  scope = document.body.appendChild(document.createElement('div')).attachShadow({ mode: 'open' })
  scope.innerHTML = '<div part="actions"></div>'
  actions = scope.querySelector('div') as HTMLElement
  ignoreHaste(scope)
})
afterEach(() => {
  document.body.replaceChildren()
  clicked.mockClear()
})

/** Shows a view with one button, which leads to the view of the next. */
async function show(label: string, next?: string): Promise<void> {
  const button = document.createElement('button')
  button.onclick = () => {
    clicked(label)
    if (next) show(next)
  }
  actions.replaceChildren(button)
  // observers are told in a microtask
  await Promise.resolve()
}

/** Clicks what is there now; browsers count the clicks of a double click, however slow the reader has set it. */
async function click(count: number): Promise<void> {
  actions.querySelector('button')?.dispatchEvent(new MouseEvent('click', { detail: count, bubbles: true, cancelable: true }))
  await Promise.resolve()
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('the second click of a double click does not press what has taken the place of the first', async () => {
  await show('Use another way', 'Cancel')
  await click(1)
  await click(2)
  await click(3)
  expect(clicked.mock.calls).toEqual([['Use another way']])
})

test('neither does that of a slow one, as slow as browsers count together', async () => {
  await show('Use another way', 'Cancel')
  await click(1)
  await pause(700)
  await click(2)
  expect(clicked.mock.calls).toEqual([['Use another way']])
})

test('a view whose buttons have moved hears no second click on another', async () => {
  await show('Make codes')
  const cancel = document.createElement('button')
  cancel.onclick = () => clicked('Cancel')
  actions.append(cancel)
  await click(1)
  cancel.dispatchEvent(new MouseEvent('click', { detail: 2, bubbles: true, cancelable: true }))
  expect(clicked.mock.calls).toEqual([['Make codes']])
})

test('a double click that began before the dialog opened presses nothing in it', async () => {
  await show('Confirm')
  await pause(700)
  await click(2)
  expect(clicked).not.toHaveBeenCalled()
})

test('another click counts at once, and so does every click on a view that stays', async () => {
  await show('Use another way', 'Resend')
  await click(1)
  await click(1)
  await click(2)
  expect(clicked.mock.calls).toEqual([['Use another way'], ['Resend'], ['Resend']])
})
