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
  await expect(dialog.getByRole('alert')).toContainText('That code isn’t right.')
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
