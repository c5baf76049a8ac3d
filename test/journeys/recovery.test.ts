import { enrollPasskey, expect, goTo, plugIn, test, totp } from '../support/journey.ts'
import { mailsOf, mailThat } from '../support/mailbox.ts'

test('who lost the phone gets back in with a recovery code, and every other session ends', async ({
  page,
  browser,
  demo,
  signIn,
  signInWithApp,
  picture,
}) => {
  const secret = await signInWithApp('pro')
  await goTo(page, 'Security')
  await page.getByRole('button', { name: 'Make recovery codes' }).click()
  await page.getByRole('dialog', { name: 'Save recovery codes' }).getByRole('button', { name: 'Make recovery codes' }).click()
  await expect(page.getByRole('dialog', { name: 'Confirm it’s you' })).toHaveAccessibleDescription(/^Make new recovery codes\./)
  await picture('dialog-operation-codes')
  await page
    .getByRole('dialog')
    .getByLabel('6-digit code')
    .fill(await totp.next(secret))
  const shown = page.getByRole('dialog', { name: 'Your recovery codes' })
  await expect(shown.locator('code')).toHaveCount(10)
  await picture('dialog-recovery-codes')
  const [code = '', second = ''] = await shown.locator('code').allTextContents()
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  // an Enter too many does not throw them away
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(shown.getByRole('alert')).toHaveText('Save them first. You won’t see them again.')
  await shown.getByLabel('I’ve put them in a safe place').check()
  await shown.getByRole('button', { name: 'I’ve saved them' }).click()
  await expect(page.getByText('You have 10 recovery codes left')).toBeVisible()
  await picture('security-codes')

  // another browser, without the phone
  const other = await (await browser.newContext({ viewport: { width: 1360, height: 900 } })).newPage()
  await plugIn(other)
  await signIn('pro', other)
  await goTo(other, 'Security')
  await other.getByRole('button', { name: 'Lost access to all of them?' }).click()
  const dialog = other.getByRole('dialog', { name: 'Recover your account' })
  await dialog.getByLabel('Recovery code').fill('AAAA-AAAA-AAAA-AAAA')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByRole('alert')).toContainText('That code isn’t valid. It may have been used already.')
  await picture('dialog-recover', other)
  // as it may be typed from paper
  await dialog.getByLabel('Recovery code').fill(code.toLowerCase().replaceAll('-', ' '))
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await enrollPasskey(other)
  await expect(other.getByRole('listitem').filter({ hasText: 'Passkey' })).toHaveCount(1)
  await expect(other.getByText('with a recovery code')).toBeVisible()
  await expect(other.getByText('You have 9 recovery codes left')).toBeVisible()

  await page.bringToFront()
  await expect(page.getByText('Your session was ended. Sign in again.')).toBeVisible()
  await mailThat(other, demo, /recover/i)
  expect(JSON.stringify(await mailsOf(other, demo))).not.toContain(second)

  // a code is good for one time
  await other.getByRole('button', { name: 'Lost access to all of them?' }).click()
  await dialog.getByLabel('Recovery code').fill(code)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByRole('alert')).toContainText('That code isn’t valid. It may have been used already.')
})
