import { expect, goTo, test, waitAnHour } from '../support/journey.ts'

test('the product asks for its own password again, and the sign-in counts as fresh', async ({ page, signIn, picture }) => {
  await signIn('basic')
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')
  await waitAnHour(page)
  await expect(page.getByTestId('decision-contact.change')).toContainText('step up')

  await goTo(page, 'Settings')
  await page.getByLabel('Billing contact').fill('Typed before I was asked')
  await page.getByRole('button', { name: 'Save contact' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await dialog.getByRole('button', { name: 'Use another way' }).click()
  await picture('dialog-choice')
  await dialog.getByRole('button', { name: 'Sign in again' }).click()

  const password = page.getByRole('dialog', { name: 'Enter your password to continue' })
  await password.getByLabel('Password').fill('wrong')
  await password.getByRole('button', { name: 'Confirm' }).click()
  await expect(password.getByRole('alert')).toHaveText('That password isn’t right.')
  await picture('dialog-password')
  await password.getByLabel('Password').fill('stile')
  await password.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(page.getByLabel('Billing contact')).toHaveValue('Typed before I was asked')
})
