import { enrollPasskey, expect, goTo, plugIn, signInAgain, signOut, test } from '../support/journey.ts'

test('a pro user enrols a passkey and exports', async ({ page, signIn, picture }) => {
  await plugIn(page)
  await signIn('pro')
  await expect(page.getByTestId('decision-reports.export')).toContainText('enrol')
  await picture('reports-enroll')

  // nothing is enrolled: the gate's card says so, and asks for the password before it adds anything
  await page.getByRole('button', { name: 'Set it up' }).click()
  await picture('dialog-enroll')
  await enrollPasskey(page)

  // what the gate protects is there, and the focus is on it
  await expect(page.getByRole('table')).toContainText('Annual plan')
  await expect(page.getByTestId('decision-reports.export')).toContainText('permit')

  await page.getByLabel('Note for the file').fill('For the auditors')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Exported.' })).toBeVisible()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/For the auditors[\s\S]*Annual plan/)
  await expect(page.getByTestId('claims')).toHaveValue(/"acr": "phr"/)
  await picture('exported')
})

test('a user who comes back with a passkey is asked on the click, in the page', async ({ page, signIn, picture }) => {
  await plugIn(page)
  await signIn('enterprise')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollPasskey(page)
  await signInAgain(page, signIn, 'enterprise')
  await page.getByRole('button', { name: 'Payouts' }).click()
  await expect(page.getByText('Payroll, September')).toHaveCount(0)
  await picture('payouts-step-up')
  await page.getByRole('button', { name: 'Confirm and continue' }).click()
  await expect(page.getByText('Payroll, September')).toBeVisible()
  await page.getByRole('button', { name: 'Approve Payroll, September' }).click()
  await expect(page.getByText('Approved')).toBeVisible()
  await picture('payouts-approved')
})

test('a device that cannot verify its user enrols no passkey, and the page says what else would do', async ({ page, signIn }) => {
  await plugIn(page, { userVerified: false })
  await signIn('enterprise')
  await page.getByRole('button', { name: 'Payouts' }).click()
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Add a passkey' }).click()
  // the browser ends the ceremony, and the page says so and offers the other way that would open this
  await expect(page.getByRole('dialog').getByRole('alert')).toHaveText('The passkey prompt was closed.')
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Add a security key' })).toBeVisible()
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(page.getByText('Not confirmed yet. Nothing has changed.')).toBeVisible()
  await expect(page.getByText('Payroll, September')).toHaveCount(0)
})

test('a passkey on a device that does not verify its user counts as a second factor', async ({ page, signIn }) => {
  const { cdp, authenticatorId } = await plugIn(page)
  await signIn('enterprise')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollPasskey(page)

  // the same passkey in something that has no PIN, finger or face to ask for
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
  const { authenticatorId: plain } = await plugIn(page, { canVerify: false })
  for (const credential of credentials) await cdp.send('WebAuthn.addCredential', { authenticatorId: plain, credential })

  await signInAgain(page, signIn, 'enterprise')
  await page.getByRole('button', { name: 'Confirm and continue' }).click()
  await expect(page.getByRole('table')).toContainText('Annual plan')
  await expect(page.getByTestId('claims')).toHaveValue(/"acr": "urn:stile:acr:mfa"/)
  await expect(page.getByTestId('decision-payouts.approve')).toContainText('step up')
})

test('threat: a page is made to answer with the passkey of another user', async ({ page, signIn }) => {
  const { cdp, authenticatorId } = await plugIn(page)
  await signIn('pro')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollPasskey(page)
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  const foreign = credentials[0]?.credentialId ?? ''
  await signOut(page)

  await signIn('enterprise')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollPasskey(page)
  await signInAgain(page, signIn, 'enterprise')
  await page.evaluate((id) => {
    const get = navigator.credentials.get.bind(navigator.credentials)
    const other = { type: 'public-key' as const, id: Uint8Array.from(atob(id), (char) => char.charCodeAt(0)) }
    navigator.credentials.get = (options) =>
      get({ ...options, publicKey: { ...(options?.publicKey as PublicKeyCredentialRequestOptions), allowCredentials: [other] } })
  }, foreign)
  await goTo(page, 'Payouts')
  await page.getByRole('button', { name: 'Confirm and continue' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'We don’t know that passkey.' })).toBeVisible()
  await expect(page.getByText('Payroll, September')).toHaveCount(0)
})
