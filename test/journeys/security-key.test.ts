import { enrollPasskey, expect, goTo, plugIn, test } from '../support/journey.ts'

test('a security key whose maker is unknown counts like a passkey, and the user is told why', async ({ page, signIn, picture }) => {
  await plugIn(page, { transport: 'usb' })
  await signIn('enterprise')
  await goTo(page, 'Settings')
  await expect(page.getByLabel('IBAN')).toHaveCount(0)
  await picture('settings-enroll')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Add a security key' }).click()
  const done = page.getByRole('dialog', { name: 'All set' })
  await expect(done).toContainText('It counts as a passkey')
  await picture('dialog-security-key')
  await done.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog', { name: 'Save recovery codes' }).getByRole('button', { name: 'Not now' }).click()
  // it is not enough, and nothing more is asked for
  const refused = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(refused).toContainText('This needs a stronger method.')
  await refused.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)

  // DevTools' authenticator cannot say who made it: the strongest feature stays closed, the one below opens
  await expect(page.getByTestId('decision-payouts.account')).not.toContainText('permit')
  await expect(page.getByLabel('IBAN')).toHaveCount(0)
  await expect(page.getByTestId('decision-payouts.approve')).toContainText('permit')
  await goTo(page, 'Security')
  await expect(page.getByText('so it counts like a passkey')).toBeVisible()
  await picture('security-key')
})

test('a key without a PIN or a finger is a second factor, and no more', async ({ page, signIn }) => {
  await plugIn(page, { transport: 'usb', canVerify: false, discoverable: false })
  await signIn('enterprise')
  await goTo(page, 'Security')
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await enrollPasskey(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Passkey, a second factor' })).toBeVisible()
  await expect(page.getByTestId('decision-reports.export')).toContainText('permit')
  await expect(page.getByTestId('decision-payouts.approve')).toContainText('enrol')
})
