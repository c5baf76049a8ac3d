import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expect, test, totp } from '../../support/journey.ts'

const MANUAL = new URL('../../../apps/storybook/pages/accessibility.mdx', import.meta.url)

/** The rows of the keyboard table in the manual, as `key, where`. */
function rowsOfManual(): readonly string[] {
  const [, section = ''] = readFileSync(MANUAL, 'utf8').split('## Keyboard')
  const [table = ''] = section.split(/\n(?=[^|\n])/)
  const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.replaceAll(/<\/?kbd>/g, '').trim()))
  return cells.filter(([, key]) => key && key !== 'key' && !key.startsWith('-')).map(([, key, where]) => `${key}, ${where}`)
}

/** The name of the element in focus: a field's label, or what is written on it. `page` if it is nothing of the dialog. */
const focusedName = (page: Page) =>
  page.evaluate(() => {
    const host = document.activeElement
    if (host === document.body) return 'browser'
    const focused = host?.shadowRoot?.activeElement as HTMLInputElement | null | undefined
    if (host?.localName !== 'stile-dialog' || !focused) return 'page'
    return [...(focused.labels ?? [])].map((label) => label.textContent).join(' ') || (focused.textContent ?? '')
  })

const setItUp = async (page: Page) => {
  await page.getByRole('button', { name: 'Set it up' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' })).toBeVisible()
}
/** Presses Enter on what is seen: so soon after a view has changed, it would have been meant for the one before. */
const enter = async (page: Page) => {
  await page.waitForTimeout(400)
  await page.keyboard.press('Enter')
}
/** Keeps a key down so long that it repeats. */
const hold = async (page: Page, key: string) => {
  for (let repeat = 0; repeat < 12; repeat++) {
    await page.keyboard.down(key)
    await page.waitForTimeout(50)
  }
  await page.keyboard.up(key)
}
const addApp = async (page: Page) => {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Add an authenticator app' }).focus()
  await enter(page)
  await expect(dialog.getByLabel('6-digit code')).toBeFocused()
}
const secretOf = async (page: Page) => ((await page.getByRole('dialog').locator('code').textContent()) ?? '').replaceAll(/\s/g, '')

/** What is tried for each row of the table. */
const CASES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'Tab, in the dialog': async (page) => {
    await setItUp(page)
    for (const key of ['Tab', 'Shift+Tab']) {
      const names = new Set<string>()
      for (let presses = 0; presses < 10; presses++) {
        await page.keyboard.press(key)
        names.add(await focusedName(page))
      }
      expect([...names]).not.toContain('page')
      expect([...names]).toEqual(expect.arrayContaining(['Add a passkey', 'Add an authenticator app', 'Add a security key', 'Cancel']))
    }
  },
  'Enter, in a field': async (page) => {
    const dialog = page.getByRole('dialog')
    const sent: string[] = []
    await setItUp(page)
    await addApp(page)
    page.on('request', (request) => sent.push(new URL(request.url()).pathname))
    await page.keyboard.type('123')
    await enter(page)
    await expect(dialog.getByRole('alert')).toHaveText('Enter all 6 digits.')
    expect(await focusedName(page)).toContain('6-digit code')
    expect(sent.filter((path) => path.includes('/registrations/'))).toEqual([])
    for (let presses = 0; presses < 3; presses++) await page.keyboard.press('Backspace')
    await page.keyboard.type(await totp.next(await secretOf(page)))
    await expect(dialog.getByLabel('Name this device')).toBeFocused()
    await enter(page)
    await expect(page.getByRole('dialog', { name: 'Save recovery codes' })).toBeVisible()
  },
  'Enter, Space, on a button': async (page) => {
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Set it up' }).focus()
    // it opens the dialog, and does not go on to press the button that has the focus there
    await hold(page, 'Enter')
    await expect(page.getByRole('dialog', { name: 'Set up a way to confirm it’s you' })).toBeVisible()
    expect(await focusedName(page)).toBe('Add a passkey')
    await dialog.getByRole('button', { name: 'Cancel' }).focus()
    await page.keyboard.press('Space')
    await expect(dialog).toHaveCount(0)
    await page.getByRole('button', { name: 'Set it up' }).focus()
    await hold(page, 'Space')
    await expect(page.getByRole('dialog', { name: 'Set up a way to confirm it’s you' })).toBeVisible()
    await page.waitForTimeout(400)
    await dialog.getByRole('button', { name: 'Add an authenticator app' }).focus()
    await hold(page, 'Enter')
    await expect(dialog.getByLabel('6-digit code')).toBeFocused()
    await expect(dialog.getByRole('alert')).toBeHidden()
  },
  'Esc, in the dialog': async (page) => {
    const dialog = page.getByRole('dialog')
    await setItUp(page)
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    await expect(page.getByText('Not confirmed yet. Nothing has changed.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Set it up' })).toBeFocused()
    await setItUp(page)
    await addApp(page)
    const secret = await secretOf(page)
    await page.keyboard.type(await totp.next(secret))
    await expect(dialog.getByLabel('Name this device')).toBeFocused()
    await enter(page)
    await dialog.getByRole('button', { name: 'Save recovery codes' }).focus()
    await enter(page)
    await expect(dialog.getByLabel('6-digit code')).toBeFocused()
    await page.keyboard.type(await totp.next(secret))
    await expect(page.getByRole('dialog', { name: 'Your recovery codes' })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await expect(dialog.getByRole('alert')).toHaveText('Save them first. You won’t see them again.')
  },
}

test('every row of the keyboard table in the manual is tried here, and no other', () => {
  expect(rowsOfManual().toSorted()).toEqual(Object.keys(CASES).toSorted())
})

for (const [row, tryRow] of Object.entries(CASES)) {
  test(`by keyboard: ${row}`, async ({ page, signIn }) => {
    await signIn('pro')
    await tryRow(page)
  })
}
