import { expect, test } from 'vitest'
import { createOperationView } from './operation-view.ts'

const scope = document.createElement('div').attachShadow({ mode: 'open' })
const view = {
  key: 'x',
  icon: '',
  title: 'Confirm it’s you',
  text: 'x',
  about: ['To continue: …', 'Why.'],
  actions: () => [],
  onCancel: () => {},
}
const shown = (feature: string, operation: Readonly<Record<string, string | number | boolean>>) =>
  createOperationView({ feature, operation }, { styles: { scope, nonce: undefined }, texts: undefined })(view)

test.each([
  [{ change: 'add', method: 'passkey', id: 'reg_1' }, 'Add a passkey.'],
  [{ change: 'add', method: 'security-key', id: 'reg_1' }, 'Add a security key.'],
  [{ change: 'add', method: 'totp', id: 'reg_1' }, 'Add an authenticator app.'],
  [{ change: 'remove', method: 'security-key', id: 'auth_1', name: 'YubiKey 5' }, 'Remove YubiKey 5.'],
  [{ change: 'rename', id: 'auth_1', name: 'Key', to: 'YubiKey 5' }, 'Rename Key to YubiKey 5.'],
  [{ change: 'codes', id: 'codes_1' }, 'Make new recovery codes.'],
  [{ change: 'forget', id: 'jkt', name: 'Firefox on Windows' }, 'Sign out and forget Firefox on Windows.'],
  [{ change: 'forget', id: 'jkt' }, 'Sign out and forget a device.'],
  [{ change: 'of a newer service', id: 'x' }, 'Changing how you confirm it’s you.'],
])('%j reads as “%s”', (operation, sentence) => expect(shown('stile:authenticators', operation).about?.[0]).toBe(sentence))

test('it stands for what the step-up is needed for, before the rest', () => {
  const { about, text } = shown('stile:authenticators', { change: 'codes', id: 'codes_1' })
  expect(about).toEqual(['Make new recovery codes.', 'Why.'])
  expect(text).toBe('x')
})

test('threat: markup in a parameter would be read as markup, or a parameter would not be shown', () => {
  const { body, text } = shown('payouts.approve', { amount: '100.00', payee: '<b>Eve</b>', urgent: true })
  const [list] = body?.() ?? []
  expect(text).toBe('x')
  expect([...(list as HTMLElement).querySelectorAll('dt')].map(({ textContent }) => textContent)).toEqual(['amount', 'payee', 'urgent'])
  expect([...(list as HTMLElement).querySelectorAll('dd')].map(({ textContent }) => textContent)).toEqual(['100.00', '<b>Eve</b>', 'true'])
})
