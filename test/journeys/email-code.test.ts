import { expect, goTo, test, waitAnHour } from '../support/journey.ts'
import { mailThat } from '../support/mailbox.ts'

const CODE = /\b\d{6}\b/

test('a code from the mailbox opens what asks for no more than a fresh proof', async ({ page, demo, signIn, picture, lines }) => {
  await signIn('basic')
  await waitAnHour(page)
  await goTo(page, 'Settings')
  await page.getByLabel('Billing contact').fill('Books, books@quarterly.example')
  await page.getByRole('button', { name: 'Save contact' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(dialog.getByText('We sent a code to b')).toBeVisible()
  await picture('dialog-email')

  const code = CODE.exec((await mailThat(page, demo, CODE)).text)?.[0] ?? ''
  const wrong = code === '000000' ? '000001' : '000000'
  await dialog.getByLabel('6-digit code from the email').fill(wrong)
  await expect(dialog.getByRole('alert')).toContainText('That code is not right.')
  await dialog.getByLabel('6-digit code from the email').fill(code)
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(page.getByLabel('Billing contact')).toHaveValue('Books, books@quarterly.example')
  expect(lines.join('\n')).not.toContain(code)

  await goTo(page, 'Inbox')
  await expect(page.locator('iframe').contentFrame().getByText(code)).toBeVisible()
  await picture('inbox')
  await page.getByRole('radio', { name: 'Plain text' }).check()
  await expect(page.locator('pre').filter({ hasText: code })).toBeVisible()
})

test('with the mail server away the page says so, counts nothing and offers the other way', async ({ page, demo, signIn, picture }) => {
  await signIn('basic')
  await waitAnHour(page)
  await demo.part('inbox').stop()
  await goTo(page, 'Settings')
  await page.getByRole('button', { name: 'Save contact' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(dialog.getByRole('alert')).toContainText('The email could not be sent. Nothing was counted')
  await picture('dialog-mail-away')
  await dialog.getByRole('button', { name: 'Sign in again' }).click()
  const password = page.getByRole('dialog', { name: 'Type your password again' })
  await password.getByLabel('Password').fill('stile')
  await password.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()

  await goTo(page, 'Inbox')
  await expect(page.getByRole('alert')).toContainText('The mail server does not answer.')
})
