import { expect, goTo, testAlone as test, waitAnHour } from '../support/journey.ts'

test('with the service stopped the basic report still opens, export says what is wrong, and both recover by themselves', async ({
  page,
  demo,
  signInWithApp,
  picture,
}) => {
  await signInWithApp('pro')
  await expect(page.getByRole('table')).toBeVisible()

  await demo.part('service').stop()
  await page.reload()
  // needs no more than the login: decided by the guard from what it knows
  await expect(page.getByText('Revenue and costs by month')).toBeVisible()
  // needs more: the page says so, and offers to try again
  await expect(page.locator('[data-stile-card=unreachable]').first()).toBeVisible()
  await picture('service-stopped')
  await expect(page.getByRole('table')).toHaveCount(0)

  await demo.start('service')
  await expect(page.getByRole('table')).toContainText('Annual plan')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/Annual plan/)
})

test('with the mail server away the page says so, counts nothing and offers the other way', async ({ page, demo, signIn, picture }) => {
  await signIn('basic')
  await waitAnHour(page)
  await demo.part('inbox').stop()
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Save contact' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(dialog.getByRole('alert')).toContainText('We couldn’t send the email. This didn’t use up an attempt.')
  await picture('dialog-mail-away')
  await dialog.getByRole('button', { name: 'Sign in again' }).click()
  const password = page.getByRole('dialog', { name: 'Enter your password to continue' })
  await password.getByLabel('Password').fill('stile')
  await password.getByRole('button', { name: 'Confirm' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()

  await goTo(page, 'Inbox')
  await expect(page.getByRole('alert')).toContainText('The mail server does not answer.')
})
