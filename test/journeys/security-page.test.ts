import { enrollPasskey, enrollTotp, expect, goTo, plugIn, test } from '../support/journey.ts'
import { mailThat } from '../support/mailbox.ts'

test('a user looks after what is enrolled: adds a second way, renames one and removes one, with a mail for each', async ({
  page,
  demo,
  signIn,
  picture,
}) => {
  await plugIn(page)
  await signIn('pro')
  await page.getByRole('button', { name: 'Security' }).click()
  await expect(page.getByText('Nothing yet.')).toBeVisible()
  await picture('security-empty')

  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await enrollPasskey(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Passkey, safe from phishing' })).toBeVisible()

  // the passkey was just used to enrol: that is the proof that a second way asks for
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await enrollTotp(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Authenticator app, a second factor' })).toBeVisible()

  await page.getByRole('button', { name: 'Rename Authenticator app' }).click()
  await page.getByLabel('New name').fill('Old phone')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Old phone')).toBeVisible()
  await picture('security')

  await page.getByRole('button', { name: 'Remove Old phone' }).click()
  await page.getByRole('button', { name: 'Yes, remove' }).click()
  await expect(page.getByText('Old phone')).toHaveCount(0)

  await page.getByRole('button', { name: 'Remove Passkey' }).click()
  await expect(page.getByText('This is your last way to confirm it’s you.')).toBeVisible()
  await picture('security-last')
  await page.getByRole('button', { name: 'Keep' }).click()

  for (const notice of [/passkey[^.]* added/i, /authenticator app[^.]* added/i, /removed/i]) await mailThat(page, demo, notice)
  await goTo(page, 'Inbox')
  await picture('inbox-notices')
})

test('a new browser must prove an enrolled factor before it may add one of its own', async ({ page, browser, demo, signIn }) => {
  await signIn('pro')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollTotp(page)

  // an attacker who has only the password uses another browser
  const other = await (await browser.newContext()).newPage()
  await other.goto(demo.urls.web)
  await signIn('pro', other)
  await expect(other.getByText('Context risk:')).toContainText('elevated')
  await other.getByRole('button', { name: 'Security' }).click()
  await other.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' }).click()
  await expect(other.getByRole('dialog', { name: 'Confirm it’s you' }).getByLabel('6-digit code')).toBeVisible()
  await other.keyboard.press('Escape')
  await expect(other.getByRole('listitem').filter({ hasText: 'Authenticator app, a second factor' })).toHaveCount(1)
})
